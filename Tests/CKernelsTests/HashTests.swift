import CKernels
import Testing

@Suite("SHA-256") struct HashTests {
    /// The digest of some pieces in hexadecimal.
    private func digest(_ pieces: [[UInt8]]) -> String {
        var state = ck_sha256()
        ck_sha256_start(&state)
        for piece in pieces { ck_sha256_update(&state, piece, piece.count) }
        var digest = [UInt8](repeating: 0, count: 32)
        ck_sha256_finish(&state, &digest)
        return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test(
        "digests equal the published vectors of FIPS 180-4",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func published(text: String, expected: String) {
        #expect(digest([Array(text.utf8)]) == expected)
    }

    @Test("a million letters hash as published, in one update and in uneven pieces")
    func million() {
        let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        let letters = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        #expect(digest([letters]) == expected)
        var pieces: [[UInt8]] = []
        var left = letters[...]
        var size = 1
        while !left.isEmpty {
            pieces.append(Array(left.prefix(size)))
            left = left.dropFirst(size)
            size = size % 200 + 1
        }
        #expect(digest(pieces) == expected)
    }

    @Test("every split of a message over two block borders hashes the same")
    func splits() {
        let message = (0..<150).map { UInt8($0) }
        let whole = digest([message])
        for split in 0...message.count {
            #expect(digest([Array(message[..<split]), Array(message[split...])]) == whole)
        }
    }
}
