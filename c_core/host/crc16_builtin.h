/// crc16_builtin.h - crc16_bulk() as a built-in function of Python.
///
/// A call through cffi costs about 90 ns, buffer and length being two arguments and the interpreter's
/// lock released around it: four times the CRC of a kilobyte. This takes a buffer in 40 ns. Only the
/// generated extension module, which has Python.h, sees more than this comment.
#pragma once

#ifdef Py_PYTHON_H

#include "ground/crc16_bulk.h"

/// Raises fsw.core.errors.FswError, the one exception of the public surface, in place of what is set.
static void crc16_builtin_raise(const char *text, PyObject *given) {
    PyErr_Clear();
    PyObject *module = PyImport_ImportModule("fsw.core.errors");
    PyObject *error = module ? PyObject_GetAttrString(module, "FswError") : NULL;
    if (error) {
        PyErr_Format(error, text, given);
    }
    Py_XDECREF(error);
    Py_XDECREF(module);
}

static PyObject *crc16_builtin_call(PyObject *unused, PyObject *const *arguments, Py_ssize_t many,
                                    PyObject *names) {
    (void)unused;
    long initial = CRC16_PRESET;
    const Py_ssize_t named = names ? PyTuple_Size(names) : 0;
    if (many < 1 || many + named > 2 ||
        (named == 1 && PyUnicode_CompareWithASCIIString(PyTuple_GetItem(names, 0), "initial") != 0)) {
        PyErr_SetString(PyExc_TypeError, "crc16() takes data and, if need be, initial");
        return NULL;
    }
    if (many + named == 2) {
        initial = PyLong_AsLong(arguments[1]);
        if (initial < 0 || initial > 0xFFFF) {
            crc16_builtin_raise("CRC initial value %R: allowed are 0 to 65535", arguments[1]);
            return NULL;
        }
    }
    Py_buffer view;
    if (PyObject_GetBuffer(arguments[0], &view, PyBUF_SIMPLE) != 0) {
        crc16_builtin_raise("CRC of %R: allowed are contiguous buffers", (PyObject *)Py_TYPE(arguments[0]));
        return NULL;
    }
    const uint16_t crc = crc16_bulk((uint16_t)initial, (const uint8_t *)view.buf, (size_t)view.len);
    PyBuffer_Release(&view);
    return PyLong_FromLong(crc);
}

/// A new reference to the function, for ctypes.cast(..., py_object): what cffi cannot hand over.
static uintptr_t crc16_builtin(void) {
    static PyMethodDef definition = {
        "crc16", (PyCFunction)(void (*)(void))crc16_builtin_call, METH_FASTCALL | METH_KEYWORDS,
        "crc16(data, /, initial=0xFFFF)\n--\n\n"
        "CRC of anything with a contiguous buffer, continuing from `initial`.\n\n"
        "The CRC over data followed by its own CRC, most significant octet first, is 0."};
    const PyGILState_STATE state = PyGILState_Ensure(); // cffi has released the lock for this call
    PyObject *function = PyCFunction_NewEx(&definition, NULL, NULL);
    PyGILState_Release(state);
    return (uintptr_t)function;
}

#endif
