// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SystemPackage
import Testing

@testable import SnugPipeline

/// Names of outputs by table: what one input gets, and how inputs of one folder get out of each other's way.
@Suite struct OutputNamingTableTests {
    private func names(_ inputs: [String], _ formats: Set<ImageFormat> = [.jpeg, .png]) -> [OutputNames] {
        OutputNaming.names(for: inputs.map { FilePath($0) }, formats: formats)
    }

    @Test(
        "One input alone keeps its name in its own format, and its stem in the other",
        arguments: [
            ("a.jpg", "a.jpg", "a.png"), ("a.JPG", "a.JPG", "a.png"), ("a.jpeg", "a.jpeg", "a.png"),
            ("a.jpe", "a.jpe", "a.png"), ("a.jfif", "a.jfif", "a.png"), ("a.png", "a.jpg", "a.png"),
            ("a.PNG", "a.jpg", "a.PNG"), ("a.webp", "a.jpg", "a.png"), ("a", "a.jpg", "a.png"),
            (".jpg", ".jpg.jpg", ".jpg.png"), ("a.", "a.jpg", "a.png"), ("a.b.c", "a.b.jpg", "a.b.png"),
            ("a.tar.png", "a.tar.jpg", "a.tar.png"), ("x/y/a.png", "x/y/a.jpg", "x/y/a.png"),
            ("a b.png", "a b.jpg", "a b.png"), ("ä.png", "ä.jpg", "ä.png"), ("stdin", "stdin.jpg", "stdin.png"),
        ])
    func alone(input: String, jpeg: String, png: String) throws {
        let both = try #require(names([input]).first)
        #expect(both.jpeg?.string == jpeg && both.png?.string == png)
        let first = try #require(names([input], [.jpeg]).first)
        #expect(first.jpeg?.string == jpeg && first.png == nil)
        let second = try #require(names([input], [.png]).first)
        #expect(second.jpeg == nil && second.png?.string == png)
    }

    struct Folder: CustomTestStringConvertible, Sendable {
        var inputs: [String]
        var jpeg: [String]
        var png: [String]
        var testDescription: String { inputs.joined(separator: " ") }
    }

    static let folders = [
        Folder(inputs: ["a.jpg", "a.png"], jpeg: ["a.jpg", "a.png.jpg"], png: ["a.jpg.png", "a.png"]),
        Folder(inputs: ["a.jpg", "b.png"], jpeg: ["a.jpg", "b.jpg"], png: ["a.png", "b.png"]),
        Folder(
            inputs: ["a.jpg", "a.jpeg", "a.png"], jpeg: ["a.jpg", "a.jpeg", "a.png.jpg"],
            png: ["a.jpg.png", "a.jpeg.png", "a.png"]),
        Folder(inputs: ["x/a.png", "y/a.png"], jpeg: ["x/a.jpg", "y/a.jpg"], png: ["x/a.png", "y/a.png"]),
        Folder(
            inputs: ["a.png", "a.png.jpg"], jpeg: ["a.jpg", "a.png.jpg"], png: ["a.png", "a.png.png"]),
        Folder(
            inputs: ["a.gif", "a.webp"], jpeg: ["a.gif.jpg", "a.webp.jpg"], png: ["a.gif.png", "a.webp.png"]),
        Folder(
            inputs: ["a.gif", "a.webp", "a.gif.jpg"], jpeg: ["a.gif-2.jpg", "a.webp.jpg", "a.gif.jpg"],
            png: ["a.gif.png", "a.webp.png", "a.gif.jpg.png"]),
        Folder(inputs: ["A.jpg", "a.jpg"], jpeg: ["A.jpg", "a.jpg.jpg"], png: ["A.jpg.png", "a.jpg-2.png"]),
    ]

    @Test("Inputs of a folder get out of each other's way", arguments: folders)
    func folder(folder: Folder) {
        let found = names(folder.inputs)
        #expect(found.map { $0.jpeg?.string } == folder.jpeg)
        #expect(found.map { $0.png?.string } == folder.png)
    }

    @Test("The names do not depend on the order of the inputs", arguments: folders)
    func anyOrder(folder: Folder) {
        let forwards = Dictionary(uniqueKeysWithValues: zip(folder.inputs, names(folder.inputs)))
        let backwards = Dictionary(
            uniqueKeysWithValues: zip(folder.inputs.reversed(), names(folder.inputs.reversed())))
        #expect(forwards == backwards)
    }

    @Test(
        "Names at the limit of a file system are cut, never beyond it", arguments: [240, 250, 251, 252, 255, 256, 300])
    func long(count: Int) throws {
        let stem = String(repeating: "é", count: count / 2)
        let found = try #require(names(["\(stem).webp"]).first)
        for name in found.all {
            #expect(name.string.utf8.count <= OutputNaming.maximumNameBytes)
            #expect(String(validating: Array(name.string.utf8), as: UTF8.self) != nil)
            #expect(name.string.hasPrefix("éé"))
        }
        // Two that differ only where they are cut stay apart.
        let two = names(["\(stem)x.webp", "\(stem)y.webp"])
        #expect(Set(two.flatMap(\.all)).count == 4)
    }

    @Test(
        "WebP and GIF have names of their own where a run writes them",
        arguments: [
            ("a.webp", "a.jpg", "a.webp", "a.gif"), ("a.GIF", "a.jpg", "a.webp", "a.GIF"),
            ("a.png", "a.jpg", "a.webp", "a.gif"), ("a", "a.jpg", "a.webp", "a.gif"),
        ])
    func others(input: String, jpeg: String, webP: String, gif: String) throws {
        let found = try #require(names([input], [.jpeg, .png, .webp, .gif]).first)
        #expect(found.jpeg?.string == jpeg && found.name(for: .webp)?.string == webP)
        #expect(found.name(for: .gif)?.string == gif && found.all.count == 4)
    }

    @Test("A WebP takes no name of another input's output")
    func webPNames() {
        let found = names(["a.png", "a.webp", "a.jpg"], [.jpeg, .webp])
        #expect(found.map { $0.name(for: .webp)?.string } == ["a.png.webp", "a.webp", "a.jpg.webp"])
        #expect(found.map { $0.jpeg?.string } == ["a.png.jpg", "a.webp.jpg", "a.jpg"])
    }

    @Test("A format that a run does not write has no name")
    func others() throws {
        let found = try #require(names(["a.webp"]).first)
        for format in ImageFormat.allCases where format != .jpeg && format != .png {
            #expect(found.name(for: format) == nil)
        }
        #expect(found.name(for: .jpeg) == "a.jpg" && found.name(for: .png) == "a.png" && found.all.count == 2)
        #expect(names(["a.webp"], []).first?.all.isEmpty == true)
    }
}
