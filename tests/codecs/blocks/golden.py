"""Packed bytes of every format that was ever published, as they were written then. Only ever add to this."""

PAYLOAD = b"".join(
    b"\x0a\x0cservice.name\x12\x0a\x0a\x08shop-%03d faas.trigger aws-api DynamoDB.GetItem" % number
    for number in range(5)
)

PACKED = {
    0: (
        "28b52ffd604000ad020044040a0c736572766963652e6e616d65120a0a0873686f702d30303020666161732e747269676765722061"
        "77732d6170692044796e616d6f44422e4765744974656d313233340500c12304d211488c2009302cc10c"
    ),
    1: "6040004d0100680a0a08303030202020313233340af03de412486a62d201cb6d267afccb8449e0e2e3b6f574807802",
}
