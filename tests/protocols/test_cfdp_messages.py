"""Reserved messages to user: whole, cut and full of garbage."""

from hypothesis import given
from hypothesis import strategies as st

from fsw.protocols import cfdp_messages as messages
from fsw.protocols.cfdp_messages import (
    DirectoryListingRequest,
    DirectoryListingResponse,
    Operation,
    ProxyPut,
    ProxyPutCancel,
    ProxyPutResponse,
    RemoteResume,
    RemoteStanding,
    RemoteSuspend,
    UserMessages,
)

names = st.binary(max_size=50).map(lambda octets: octets.decode("utf-8", "surrogateescape"))
values = st.lists(st.binary(max_size=40), max_size=2).map(tuple)
codes = st.integers(0, 15)
transaction = (st.integers(0, 2**33), st.integers(0, 2**64 - 1))
operations: st.SearchStrategy[Operation] = (
    st.builds(
        ProxyPut,
        st.integers(0, 2**40),
        names,
        names,
        values,
        values,
        st.lists(st.tuples(codes, codes), max_size=2).map(tuple),
        st.none() | st.booleans(),
        st.none() | st.booleans(),
    )
    | st.builds(ProxyPutResponse, codes, st.booleans(), st.integers(0, 3), values)
    | st.just(ProxyPutCancel())
    | st.builds(DirectoryListingRequest, names, names)
    | st.builds(DirectoryListingResponse, st.booleans(), names, names)
    | st.builds(RemoteSuspend, *transaction)
    | st.builds(RemoteResume, *transaction)
    | st.builds(RemoteStanding, st.booleans(), st.booleans(), st.integers(0, 3), *transaction)
)


@given(operations, st.integers(0, 2**64 - 1), st.integers(0, 2**33))
def test_every_operation_survives_beside_a_missions_own_messages(
    operation: Operation, source: int, sequence: int
) -> None:
    said = (b"fsw1 a label", messages.originating(source, sequence), *messages.encode(operation))
    assert messages.read(said) == UserMessages(operation, (source, sequence))


@given(operations, st.data())
def test_what_is_cut_or_disturbed_is_never_a_surprise(operation: Operation, data: st.DataObject) -> None:
    said = [bytearray(message) for message in (messages.originating(245, 9), *messages.encode(operation))]
    for message in said:
        if data.draw(st.booleans()):
            del message[data.draw(st.integers(0, len(message))) :]
        elif len(message) > 4:
            message[data.draw(st.integers(4, len(message) - 1))] ^= data.draw(st.integers(1, 255))
    assert isinstance(messages.read(map(bytes, said)), UserMessages | str)


def test_cut_operations_are_named() -> None:
    for operation, reason in (
        (ProxyPut(1, "a", "b"), "proxy put request cut"),
        (DirectoryListingRequest("a", "b"), "listing request cut"),
        (DirectoryListingResponse(True, "a", "b"), "listing response cut"),
        (ProxyPutResponse(0, True, 2), "proxy put response cut"),
        (RemoteSuspend(245, 300), "remote request cut"),
        (RemoteResume(245, 300), "remote request cut"),
        (RemoteStanding(True, True, 1, 245, 300), "remote response cut"),
    ):
        (message,) = messages.encode(operation)
        assert messages.read([message[:-1]]) == reason
    assert messages.read(messages.encode(ProxyPutCancel())) == "proxy put cancel of nothing"
    assert messages.read([messages.originating(300, 7)[:-1]]) == "originating transaction cut"
    assert messages.read([b"cfdp", b"cfdpx", b"free"]) == UserMessages()
