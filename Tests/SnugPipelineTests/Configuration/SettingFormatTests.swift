// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline

/// The kinds of values that a configuration has, as text.
@Suite struct SettingFormatTests {
    private static let folder = FilePath("/etc/snug")

    private func read<Value>(_ format: SettingFormat<Value>, _ texts: String...) throws(SettingFault) -> Value {
        try format.parse(SettingText(values: texts, folder: Self.folder))
    }

    /// The message of a refusal; `nil` for what is taken.
    private func refusal<Value>(_ format: SettingFormat<Value>, _ text: String) -> String? {
        do throws(SettingFault) {
            _ = try read(format, text)
            return nil
        } catch { return error.message }
    }

    @Test("A size is shown as text that reads as the same bytes, whatever they are")
    func sizes() throws {
        var random = SeededGenerator(seed: 4)
        var sizes = [1, 999, 1000, 1023, 1024, 1025, 65_536, 10_000_000, 10 << 20, 1 << 30, (1 << 30) + 1, 3 << 40]
        for _ in 0..<300 {
            sizes.append(Int.random(in: 1...(1 << Int.random(in: 1...45, using: &random)), using: &random))
        }
        for size in sizes {
            let text = SettingFormat<Int>.size.show(size)
            #expect(try read(.size, text) == size, "\(text)")
        }
    }

    @Test("Sizes are understood as people write them, and nonsense is refused with what it was")
    func writtenSizes() throws {
        #expect(try read(SettingFormat<Int>.size, "10MB") == 10_000_000)
        #expect(try read(SettingFormat<Int>.size, "1MiB") == 1 << 20)
        #expect(refusal(SettingFormat<Int>.size, "0") == "leaves no room; give a size of at least 1 byte")
        for text in ["", "ten", "-5MB", "1e400", "10 parsecs"] {
            #expect(refusal(SettingFormat<Int>.size, text) != nil, "\(text)")
        }
    }

    @Test("A duration is shown as text that reads as the same milliseconds")
    func durations() throws {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            let value = Duration.milliseconds(
                Int.random(in: 0...(1 << Int.random(in: 0...36, using: &random)), using: &random))
            #expect(try read(.duration, SettingFormat<Duration>.duration.show(value)) == value)
        }
        #expect(try read(SettingFormat<Duration>.duration, "1h30m") == .seconds(5400))
        for text in ["", "90", "1m30", "5m2h", "-1s", "forever"] {
            let message = refusal(SettingFormat<Duration>.duration, text)
            #expect(message?.hasPrefix("'\(text)' is no duration; write ") == true, "\(message ?? "taken")")
        }
    }

    @Test("An age is a duration or never, and never is not zero")
    func ages() throws {
        #expect(try read(SettingFormat<Duration?>.age, "never") == nil)
        #expect(try read(SettingFormat<Duration?>.age, "30d") == .seconds(30 * 86_400))
        #expect(try read(SettingFormat<Duration?>.age, "0s") == .zero)
        #expect(SettingFormat<Duration?>.age.show(nil) == "never")
        #expect(SettingFormat<Duration?>.age.show(.seconds(86_400)) == "1d")
        #expect(refusal(SettingFormat<Duration?>.age, "Never ever")?.contains("write 30d or never") == true)
    }

    @Test(
        "A choice of yes or no is read in every way that YAML and people write it",
        arguments: zip(
            ["true", "Yes", "ON", "1", "false", "No", "off", "0"], [true, true, true, true, false, false, false, false])
    )
    func flags(text: String, expected: Bool) throws {
        #expect(try read(SettingFormat<Bool>.flag, text) == expected)
    }

    @Test("What is neither yes nor no is refused", arguments: ["", "2", "truth", "y e s", "null"])
    func noFlags(text: String) {
        #expect(refusal(SettingFormat<Bool>.flag, text) == "'\(text)' is no choice; write true or false")
    }

    @Test("Numbers keep their bounds")
    func numbers() throws {
        #expect(try read(SettingFormat<Int>.count, "1") == 1)
        #expect(try read(SettingFormat<Int>.number, "-3") == -3)
        #expect(try [1, 100].allSatisfy { try read(SettingFormat<Int>.quality, "\($0)") == $0 })
        for text in ["0", "-1", "1.5", "", "99999999999999999999"] {
            #expect(refusal(SettingFormat<Int>.count, text) == "'\(text)' is no whole number above 0")
        }
        for text in ["0", "101", "high"] { #expect(refusal(SettingFormat<Int>.quality, text) != nil) }
    }

    @Test("A relative path starts from the file's folder, and an absolute one stays")
    func paths() throws {
        #expect(try read(SettingFormat<FilePath>.path, "in/a") == "/etc/snug/in/a")
        #expect(try read(SettingFormat<FilePath>.path, "../out") == "/etc/out")
        #expect(try read(SettingFormat<FilePath>.path, "/srv/in") == "/srv/in")
        #expect(refusal(SettingFormat<FilePath>.path, "") == "is empty; name a folder")
    }

    @Test("A word of a closed set is taken as it is spelled; a typo is told the nearest one and all")
    func choices() throws {
        let format = SettingFormat<FitPolicy.OutputFormat>.choice
        for value in FitPolicy.OutputFormat.allCases { #expect(try read(format, format.show(value)) == value) }
        let message = refusal(format, "jpge")
        #expect(message?.contains("Did you mean jpeg?") == true, "\(message ?? "taken")")
        #expect(FitPolicy.OutputFormat.allCases.allSatisfy { message?.contains($0.rawValue) == true })
        #expect(refusal(format, "\u{1B}[31m")?.contains("\u{1B}") == false)
    }

    @Test("A list keeps its values in their order, and a text must have one")
    func texts() throws {
        #expect(try read(SettingFormat<[String]>.texts, "b", "a", "b") == ["b", "a", "b"])
        #expect(SettingFormat<[String]>.texts.isList && !SettingFormat<String>.text.isList)
        #expect(try read(SettingFormat<String>.text, " spaces stay ") == " spaces stay ")
        #expect(refusal(SettingFormat<String>.text, "") == "is empty; give a value, or remove it")
    }
}
