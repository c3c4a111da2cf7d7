import AssayCore
import Foundation
import Testing

@testable import AssayModels

/// A file from a header text and some bytes of data.
private func file(_ header: String, data: Int = 0, headerLength: UInt64? = nil) -> Data {
    var bytes = Data()
    withUnsafeBytes(of: (headerLength ?? UInt64(header.utf8.count)).littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: header.utf8)
    bytes.append(Data(repeating: 0, count: data))
    return bytes
}

private let sample = SafeTensors.data(
    [
        .init("a.weight", shape: [2, 3], values: [1, -2, 3.5, 0, -0.0, 0x1p-140] as [Float]),
        .init("b", shape: [], values: [7] as [Float]),
        .init("empty", shape: [0, 4], values: [] as [Float]),
        .init("log \"x\"\n\u{1F600}", shape: [2], values: [Double.pi, .infinity]),
    ], metadata: ["note": "tab\there", "other": "ü"])

@Suite struct SafeTensorsTests {
    @Test func `what is written is read back bit for bit`() throws {
        let file = try SafeTensors.parse(sample, location: "sample")
        #expect(file.entries.map(\.name).sorted() == ["a.weight", "b", "empty", "log \"x\"\n\u{1F600}"])
        #expect(file.metadata == ["note": "tab\there", "other": "ü"])
        #expect(
            try file.floats("a.weight").map(\.bitPattern)
                == ([1, -2, 3.5, 0, -0.0, 0x1p-140] as [Float]).map(\.bitPattern))
        #expect(try file.floats("b") == [7])
        #expect(try file.floats("empty") == [])
        #expect(try file.doubles("log \"x\"\n\u{1F600}") == [.pi, .infinity])
        #expect(file["a.weight"]?.shape == [2, 3])
        // Every tensor starts at a multiple of its element size, counted from the start of the file.
        let headerLength = sample.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        #expect(headerLength % 8 == 0)
        for entry in file.entries { #expect(entry.range.lowerBound % entry.type.byteCount == 0) }
    }

    @Test func `half precision and other types written by other tools are read`() throws {
        var bytes = file(
            #"{"__metadata__":{"format":"pt"},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
                + #""h":{"dtype":"F16","shape":[3],"data_offsets":[8,14]},"#
                + #""g":{"dtype":"BF16","shape":[1],"data_offsets":[14,16]},"#
                + #""w":{"dtype":"BOOL","shape":[2],"data_offsets":[16,18]}}   "#)
        withUnsafeBytes(of: (Float(1), Float(2))) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: [0x00, 0x38, 0xFF, 0xFB, 0x01, 0x00, 0x80, 0x3F, 1, 0])
        let parsed = try SafeTensors.parse(bytes, location: "x")
        #expect(try parsed.floats("x") == [1, 2])
        #expect(try parsed.floats("h") == [0.5, -65504, 0x1p-24])
        #expect(try parsed.floats("g") == [1])
        #expect(throws: AssayError.self) { try parsed.floats("w") }
        #expect(throws: AssayError.self) { try parsed.doubles("x") }
    }

    @Test func `half precision widens every bit pattern as IEEE 754 says`() {
        for bits in UInt16.min...UInt16.max {
            let exponent = Int(bits >> 10 & 31)
            let fraction = Double(bits & 1023)
            let sign: Double = bits & 0x8000 == 0 ? 1 : -1
            let value = HalfPrecision.float16(bits)
            if exponent == 31 {
                #expect(fraction == 0 ? Double(value) == sign * .infinity : value.isNaN)
            } else {
                let expected =
                    exponent == 0
                    ? fraction * 0x1p-24
                    : (1 + fraction / 1024) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
                #expect(Double(value) == sign * expected)
                #expect((value.sign == .minus) == (sign < 0))
            }
        }
    }

    @Test(arguments: [
        #"["#, #"{"#, #""#, #" {}"#, #"[]"#, #"{}{}"#, #"{} x"#, #"{"a"}"#, #"{"a":1}"#, #"{"a":{}}"#, #"{"a":{},}"#,
        #"{"a":{"dtype":"F32"}}"#, #"{"a":{"dtype":"F32","shape":[1]}}"#,
        #"{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":32,"shape":[2],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"f32","shape":[2],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[02],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[2e0],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[2,],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[,2],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,99999999999999999999]}}"#,
        #"{"a":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"stride":[1]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\u0061":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[6,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"x":1}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"x":"1","x":"1"}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{},"__metadata__":{}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":[]}"#,
        #"{"\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
        #"{"\udc00\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
        #"{"\u00g0":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
        #"{"\u00"#, #"{"\"#, #"{"a\q":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
        "{\"a\n\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        #"{'a':{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
        #"{a:{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]} "b":1}"#,
        #"{"a":null}"#, #"{"a":[[[[[[[[[[[[[[[["#,
    ])
    func `a malformed header is refused with the file's name`(header: String) {
        let error = #expect(throws: AssayError.self) {
            try SafeTensors.parse(file(header, data: 8), location: "some.safetensors")
        }
        #expect(error?.location == "some.safetensors")
        #expect(error?.kind == .badInput)
    }

    @Test func `the header's claimed length is held against the file`() {
        let good = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
        #expect(throws: Never.self) { try SafeTensors.parse(file(good, data: 8), location: "x") }
        for length: UInt64 in [0, 1, 10, 53, 55, 62, 63, 100_000_000, 100_000_001, 1 << 32, .max >> 1, .max] {
            #expect(throws: AssayError.self, "length \(length)") {
                try SafeTensors.parse(file(good, data: 8, headerLength: length), location: "x")
            }
        }
        #expect(throws: AssayError.self) { try SafeTensors.parse(file(good, data: 7), location: "x") }
        #expect(throws: AssayError.self) { try SafeTensors.parse(file(good, data: 9), location: "x") }
        // Not UTF-8.
        var bytes = file(good, data: 8)
        bytes[10] = 0xFF
        #expect(throws: AssayError.self) { try SafeTensors.parse(bytes, location: "x") }
    }

    @Test func `every truncation is refused`() {
        for count in 0..<sample.count {
            #expect(throws: AssayError.self) { try SafeTensors.parse(sample.prefix(count), location: "x") }
        }
    }

    @Test func `two thousand mutated files are parsed or refused but never crash`() {
        var random = CounterRandom(key: 0x5AFE, index: 0)
        var refused = 0
        for _ in 0..<2_000 {
            var bytes = sample
            for _ in 0...random.below(4) {
                switch random.below(4) {
                case 0: bytes[random.below(bytes.count)] ^= UInt8(1 << random.below(8))
                case 1: bytes[random.below(bytes.count)] = UInt8(random.below(256))
                case 2: bytes.remove(at: random.below(bytes.count))
                default:
                    let pieces = ["\"", "{", "}", "[", ",", "9", "\\u", "-", ":"]
                    bytes.insert(contentsOf: Data(random.pick(pieces).utf8), at: random.below(bytes.count))
                }
            }
            do {
                let parsed = try SafeTensors.parse(bytes, location: "mutant")
                for entry in parsed.entries {
                    _ = try? parsed.floats(entry.name, nonFinite: .allow)
                    _ = try? parsed.doubles(entry.name)
                }
            } catch {
                #expect((error as? AssayError)?.location == "mutant")
                refused += 1
            }
        }
        #expect(refused > 1_000)
    }

    @Test func `values that are not finite are refused by name unless they are allowed`() throws {
        let parsed = try SafeTensors.parse(
            SafeTensors.data([.init("layer.bad", shape: [3], values: [1, .nan, 2] as [Float])]), location: "w")
        let error = #expect(throws: AssayError.self) { try parsed.floats("layer.bad") }
        #expect(error?.problem == "tensor 'layer.bad' holds nan at element 1")
        #expect(try parsed.floats("layer.bad", nonFinite: .allow)[1].isNaN)
    }

    @Test func `a missing tensor, a wrong size and a missing file are told`() throws {
        let parsed = try SafeTensors.parse(sample, location: "w")
        let error = #expect(throws: AssayError.self) { try parsed.floats("a.weigth") }
        #expect(error?.remedy == "The nearest is 'a.weight'")
        var small = [Float](repeating: 0, count: 5)
        #expect(throws: AssayError.self) {
            try small.withUnsafeMutableBufferPointer { try parsed.copyFloats("a.weight", into: $0) }
        }
        let missing = #expect(throws: AssayError.self) { try SafeTensors.read(URL(fileURLWithPath: "/nowhere/x")) }
        #expect(missing?.location == "/nowhere/x")
    }
}
