"""Three-vectors, rotation matrices and quaternions of plain floats: + - * / and sqrt only.

A vector is a tuple of three. A quaternion (w, x, y, z) is a unit one and turns body axes into the
outer frame's: `rotate(q, v_body)` gives the outer vector.
"""

import math

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]
Matrix = tuple[Vector, Vector, Vector]


def add(a: Vector, b: Vector) -> Vector:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def subtract(a: Vector, b: Vector) -> Vector:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def scale(a: Vector, factor: float) -> Vector:
    return (a[0] * factor, a[1] * factor, a[2] * factor)


def dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def length(a: Vector) -> float:
    return math.sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2])


def unit(a: Vector) -> Vector:
    """The direction of a vector that is not zero."""
    return scale(a, 1.0 / length(a))


def multiply(p: Quaternion, q: Quaternion) -> Quaternion:
    """The rotation q followed by p."""
    pw, px, py, pz = p
    qw, qx, qy, qz = q
    return (
        pw * qw - px * qx - py * qy - pz * qz,
        pw * qx + px * qw + py * qz - pz * qy,
        pw * qy - px * qz + py * qw + pz * qx,
        pw * qz + px * qy - py * qx + pz * qw,
    )


def conjugate(q: Quaternion) -> Quaternion:
    return (q[0], -q[1], -q[2], -q[3])


def normalise(q: Quaternion) -> Quaternion:
    norm = math.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3])
    return (q[0] / norm, q[1] / norm, q[2] / norm, q[3] / norm)


def rotate(q: Quaternion, v: Vector) -> Vector:
    """v in the outer frame, given in the body's."""
    w, axis = q[0], (q[1], q[2], q[3])
    t = scale(cross(axis, v), 2.0)
    return add(add(v, scale(t, w)), cross(axis, t))


def rotate_back(q: Quaternion, v: Vector) -> Vector:
    """v in the body frame, given in the outer one."""
    return rotate(conjugate(q), v)


def quaternion_from_axes(x_axis: Vector, y_axis: Vector, z_axis: Vector) -> Quaternion:
    """The quaternion (w not negative) whose body axes point along these unit vectors."""
    m00, m10, m20 = x_axis
    m01, m11, m21 = y_axis
    m02, m12, m22 = z_axis
    # The largest of the four components first, so that no small one is divided by (Shepperd 1978).
    trace = m00 + m11 + m22
    largest = max(trace, m00, m11, m22)
    if largest == trace:
        q = (1.0 + trace, m21 - m12, m02 - m20, m10 - m01)
    elif largest == m00:
        q = (m21 - m12, 1.0 + m00 - m11 - m22, m01 + m10, m02 + m20)
    elif largest == m11:
        q = (m02 - m20, m01 + m10, 1.0 + m11 - m00 - m22, m12 + m21)
    else:
        q = (m10 - m01, m02 + m20, m12 + m21, 1.0 + m22 - m00 - m11)
    if q[0] < 0.0:
        q = (-q[0], -q[1], -q[2], -q[3])
    return normalise(q)
