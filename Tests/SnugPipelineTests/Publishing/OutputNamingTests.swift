// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem
import SystemPackage
import Testing

@Suite struct OutputNamingTests {
    /// The names of inputs as "JPEG name|PNG name".
    private func names(_ inputs: [String], _ formats: Set<ImageFormat> = [.jpeg, .png]) -> [String] {
        OutputNaming.names(for: inputs.map { FilePath($0) }, formats: formats).map {
            [$0.jpeg, $0.png].map { $0?.string ?? "" }.joined(separator: "|")
        }
    }

    @Test(
        "An output of the input's own format keeps the name, another one gets its extension",
        arguments: [
            ("a.jpg", "a.jpg|a.png"), ("a.JPG", "a.JPG|a.png"), ("b/c.jpeg", "b/c.jpeg|b/c.png"),
            ("a.png", "a.jpg|a.png"),
            ("a.webp", "a.jpg|a.png"), ("noextension", "noextension.jpg|noextension.png"),
            ("a.b.png", "a.b.jpg|a.b.png"), (".hidden", ".hidden.jpg|.hidden.png"), ("a.", "a.jpg|a.png"),
        ])
    func alone(input: String, expected: String) {
        #expect(names([input]) == [expected])
    }

    @Test("Inputs of one stem keep apart by their whole names")
    func sameStem() {
        #expect(names(["a.jpg", "a.png"]) == ["a.jpg|a.jpg.png", "a.png.jpg|a.png"])
        #expect(names(["a.png", "a.gif"], [.jpeg]) == ["a.png.jpg|", "a.gif.jpg|"])
    }

    @Test("A file that has a converted name already keeps it, and the other gets a number")
    func takenByAnInput() {
        #expect(names(["a.jpg", "a.png", "a.png.jpg"], [.jpeg]) == ["a.jpg|", "a.png-2.jpg|", "a.png.jpg|"])
    }

    @Test("Names that differ by case or normalization only are told apart")
    func folding() {
        #expect(names(["A.jpg", "a.jpg"], [.jpeg]) == ["A.jpg|", "a.jpg.jpg|"])
        let composed = "\u{E9}.jpg"
        let decomposed = "e\u{301}.jpg"
        let result = names([composed, decomposed], [.jpeg])
        #expect(Set(result).count == 2)
        #expect(result.contains("\(decomposed)|"))
    }

    @Test("The outcome does not depend on the order of the inputs")
    func orderIndependence() {
        let inputs = ["x/a.jpg", "x/a.png", "x/A.JPG", "x/a.jpg.png", "y/a.png", "a.png", "a.jpeg", "a.jpg"]
        let expected = Dictionary(uniqueKeysWithValues: zip(inputs, names(inputs)))
        for shift in 1..<inputs.count {
            let shifted = Array(inputs[shift...] + inputs[..<shift])
            #expect(Dictionary(uniqueKeysWithValues: zip(shifted, names(shifted))) == expected)
        }
    }

    @Test("No two of many confusable inputs get one name, whatever their formats become")
    func uniqueness() {
        let stems = ["a", "A", "a.png", "a.jpg", "b", "\u{E9}", "e\u{301}"]
        let extensions = ["jpg", "jpeg", "JPG", "png", "PNG", "gif", ""]
        let inputs = stems.flatMap { stem in extensions.map { $0.isEmpty ? stem : "\(stem).\($0)" } }
        let unique = Array(Set(inputs.map { Array($0.utf8) })).map { FilePath(bytes: $0) }
        let all = OutputNaming.names(for: unique, formats: [.jpeg, .png]).flatMap(\.all)
        #expect(all.count == 2 * unique.count)
        #expect(Set(all.map { $0.string.lowercased() }).count == all.count)
    }

    @Test("Names that are no UTF-8 keep their bytes and stay apart")
    func brokenNames() {
        let inputs: [[UInt8]] = [[0xFF, 0x2E, 0x6A, 0x70, 0x67], [0xFE, 0x2E, 0x6A, 0x70, 0x67]]
        let result = OutputNaming.names(for: inputs.map { FilePath(bytes: $0) }, formats: [.jpeg])
        #expect(result.map { $0.jpeg?.bytes } == inputs)
    }

    @Test("Names stay within 255 bytes, whole characters, and apart")
    func longNames() throws {
        let long = String(repeating: "é", count: 125)
        let inputs = ["\(long).png", "\(long).gif", String(repeating: "x", count: 255)]
        let result = OutputNaming.names(for: inputs.map { FilePath($0) }, formats: [.jpeg]).compactMap(\.jpeg)
        #expect(Set(result).count == 3)
        for name in result {
            #expect(name.bytes.count <= 255)
            #expect(String(validating: name.bytes, as: UTF8.self) != nil)
            #expect(name.string.hasSuffix(".jpg"))
        }
    }
}
