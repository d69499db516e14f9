// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugImage
import SnugPipeline
import SnugSystem
import SystemPackage

/// One check of `snug doctor`.
struct Checkup: Sendable, Hashable {
    /// The result of a check.
    enum State: String, Sendable {
        case ok, warn, fail
    }
    var name: String
    var state: State
    var value: String
    /// The step that a person can take; empty when all is well.
    var remedy = ""

    /// The object that `--json` prints.
    var json: JSONValue {
        [
            "check": .text(name), "state": .text(state.rawValue), "value": .text(value),
            "remedy": .text(remedy),
        ]
    }

    /// Aligned lines for a person.
    static func text(of checks: [Checkup], paint: Paint, columns: Int? = nil) -> String {
        var table = TextTable(alignments: [.left, .left, .left])
        for check in checks {
            let colour: Paint.Colour =
                switch check.state {
                case .ok: .green
                case .warn: .yellow
                case .fail: .red
                }
            let value = PrintableName.escaped(check.value)
            table.append([check.state.rawValue, check.name, value], paint: colour)
            if !check.remedy.isEmpty { table.append(["", "", check.remedy]) }
        }
        return table.text(paint: paint, columns: columns)
    }

    /// Runs all checks. Blocks.
    static func all() -> [Checkup] {
        var checks = [Checkup(name: "snug", state: .ok, value: Snug.version), swift()]
        checks += CodecLibraries.versions.map(library)
        checks.append(curl())
        checks += sandbox()
        checks += [codecs(), processor(), cores(), memory()]
        checks += [
            writability(of: ".", as: "current folder"),
            writability(of: FilePath(Machine.environment("TMPDIR") ?? "/tmp"), as: "temporary folder"),
            openFiles(), locale(), terminal(),
        ]
        return checks
    }

    private static func swift() -> Checkup {
        #if compiler(>=6.4)
            let version = "6.4 or later"
        #elseif compiler(>=6.3)
            let version = "6.3"
        #else
            let version = "6.2"
        #endif
        #if DEBUG
            return Checkup(
                name: "build", state: .warn, value: "Swift \(version), debug",
                remedy: "a release build is many times faster: swift build -c release")
        #else
            return Checkup(name: "build", state: .ok, value: "Swift \(version), release")
        #endif
    }

    private static func library(_ name: String, _ version: String) -> Checkup {
        guard !version.isEmpty else {
            return Checkup(
                name: name, state: .warn, value: "another library takes its place",
                remedy: "install \(name) and build again: others are slower and untested")
        }
        return Checkup(name: name, state: .ok, value: version)
    }

    private static func curl() -> Checkup {
        do throws(HTTPError) {
            let version = try CurlLibrary.version()
            return Checkup(name: "libcurl", state: .ok, value: version)
        } catch {
            return Checkup(
                name: "libcurl", state: .fail, value: "cannot be loaded",
                remedy: "install it (Debian: libcurl4); without it nothing is uploaded or generated")
        }
    }

    /// Reads a PNG header: the smallest proof that the codecs work.
    private static func codecs() -> Checkup {
        do {
            let header = try ImageProbe.header(of: ImageSource(bytes: smallestPNG))
            guard header.format == .png, header.width == 1 else {
                throw ImageError(.codecFailed, "the header came out wrong")
            }
            return Checkup(name: "self-test", state: .ok, value: "reads a PNG")
        } catch {
            return Checkup(
                name: "self-test", state: .fail, value: "cannot read a PNG: \(error)",
                remedy: "reinstall the image libraries and build again")
        }
    }

    private static func processor() -> Checkup {
        let level = CodecLibraries.kernelLevel
        #if arch(x86_64) || arch(i386)
            guard level != "portable" else {
                return Checkup(
                    name: "kernels", state: .warn, value: level,
                    remedy: "slower than on a processor with AVX2")
            }
        #endif
        return Checkup(name: "kernels", state: .ok, value: level)
    }

    private static func cores() -> Checkup {
        Checkup(name: "cores", state: .ok, value: "\(Machine.usableCoreCount) usable, the default of snug fit --jobs")
    }

    private static func memory() -> Checkup {
        let budget = ImageFitter.Configuration().memory
        let total = Machine.memoryBytes.map { ByteCount($0).description } ?? "unknown"
        let value = "\(total), of which \(ByteCount(budget)) may be used (snug fit --memory)"
        guard budget < 128 << 20 else { return Checkup(name: "memory", state: .ok, value: value) }
        return Checkup(
            name: "memory", state: .warn, value: value,
            remedy:
                "large progressive and interlaced images will be refused; use 'snug fit --memory' if there is more")
    }

    /// Publishes a file and removes it again.
    private static func writability(of folder: FilePath, as name: String) -> Checkup {
        let shown = PrintableName.of(folder)
        let path = folder.appending(TemporaryFiles.randomName())
        do {
            _ = try OutputPublisher().publish(PublishedContent(bytes: [0]), to: path, replacing: false)
            FileSystem.removeIfThere(path)
            return Checkup(name: name, state: .ok, value: "\(shown) is writable")
        } catch {
            let message = (error as? ImageError)?.message ?? String(describing: error)
            return Checkup(
                name: name, state: .warn, value: "\(shown) is not writable: \(message)",
                remedy: "choose another output folder with -o of snug fit")
        }
    }

    private static func openFiles() -> Checkup {
        guard let count = Machine.openFileLimit else {
            return Checkup(name: "open files", state: .ok, value: "no limit")
        }
        guard count < 64 else { return Checkup(name: "open files", state: .ok, value: "at most \(count)") }
        return Checkup(
            name: "open files", state: .warn, value: "at most \(count)", remedy: "raise it: ulimit -n 1024")
    }

    private static func locale() -> Checkup {
        let value = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(Machine.environment).first { !$0.isEmpty } ?? "C"
        let isUTF8 = value.lowercased().contains("utf-8") || value.lowercased().contains("utf8")
        guard !isUTF8 else { return Checkup(name: "locale", state: .ok, value: value) }
        return Checkup(
            name: "locale", state: .warn, value: value,
            remedy: "messages are UTF-8; set LANG=C.UTF-8 if characters look wrong")
    }

    private static func terminal() -> Checkup {
        let stream = OutputStream.standardError
        guard stream.isTerminal else { return Checkup(name: "terminal", state: .ok, value: "none, plain lines") }
        let name = Machine.environment("TERM") ?? "unknown"
        let columns = stream.columns ?? Terminal.columnsByEnvironment ?? 80
        let progress = Terminal.isDumb ? "plain lines" : "live progress"
        return Checkup(name: "terminal", state: .ok, value: "\(name), \(columns) columns, \(progress)")
    }

    /// One gray pixel.
    private static let smallestPNG: [UInt8] = [
        0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00,
        0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x3A, 0x7E, 0x9B, 0x55, 0x00, 0x00, 0x00,
        0x0A, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9C, 0x63, 0x60, 0x00, 0x00, 0x00, 0x02, 0x00, 0x01, 0x48, 0xAF, 0xA4,
        0x71, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
    ]
}
