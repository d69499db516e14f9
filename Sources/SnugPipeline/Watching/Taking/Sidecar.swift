// SPDX-License-Identifier: Apache-2.0
package import OrderedCollections
import SnugSystem
package import SystemPackage

/// The options for one file, in a file of JSON beside it: `a.jpg.json` for `a.jpg`.
package struct Sidecar: Sendable, Hashable {
    /// The text that a generation is asked for with.
    package var prompt: String?
    package var negativePrompt: String?
    package var model: String?
    package var provider: String?
    /// The size of the generated image, as `1024x1024`.
    package var size: String?
    package var count: Int?
    package var seed: Int?
    /// The profile of limits to fit to, as `--for` has it.
    package var profile: String?
    /// The limit in bytes, as `--limit` has it.
    package var limit: String?
    package var maximumSide: Int?
    package var format: String?
    package var strategy: String?
    package var background: String?
    /// Further settings of the fit by their keys, as configurations have them below `fit`.
    package var fit: OrderedDictionary<String, String> = [:]
    /// The longest that the work may take, in seconds.
    package var timeout: Int?
    /// Options of the provider that are passed on as they are.
    package var options: JSONValue?

    /// A sidecar that sets nothing.
    package init() {}

    /// The state of a sidecar's file.
    package enum State: Sendable, Hashable {
        case missing
        /// It is being written: its file has to wait.
        case incomplete
        case present(Sidecar)
        case invalid(WatchError)
    }

    /// The largest file that is read as a sidecar.
    private static let maximumBytes = 1 << 20

    /// The path of a file's sidecar.
    package static func path(of file: RelativePath) -> RelativePath { file.adding(suffix: ".json") }

    /// Reads a sidecar's file. It blocks.
    package static func read(_ path: FilePath) -> State {
        do throws(Errno) {
            return read(RelativePath(bytes: path.bytes).name, in: try OpenFolder(path.removingLastComponent()))
        } catch .noSuchFileOrDirectory {
            return .missing
        } catch {
            return .invalid(fault("it cannot be read (\(error))"))
        }
    }

    /// Reads the sidecar of a name in a folder. It blocks.
    static func read(_ name: [UInt8], in folder: borrowing OpenFolder) -> State {
        do throws(Errno) {
            let file = try folder.openFile(name)
            defer { file.closeIgnoringErrors() }
            guard try file.identity().kind == .file else { return .missing }
            let bytes = try file.readBytes(maximum: maximumBytes + 1)
            if bytes.count > maximumBytes { return .invalid(fault("it has more than \(maximumBytes) bytes")) }
            return parse(bytes)
        } catch .noSuchFileOrDirectory {
            return .missing
        } catch .fileNameTooLong {
            // A name that has no room for the ending has no sidecar.
            return .missing
        } catch {
            return .invalid(fault("it cannot be read (\(error))"))
        }
    }

    /// Understands a sidecar's content.
    static func parse(_ bytes: [UInt8]) -> State {
        guard let value = JSONValue(parsing: bytes) else {
            // JSON ends with a bracket; without it, more may come.
            let last = bytes.last { ![0x20, 0x09, 0x0A, 0x0D, 0].contains($0) }
            return last == UInt8(ascii: "}") ? .invalid(fault("it is no valid JSON")) : .incomplete
        }
        guard case .object(let members) = value else { return .invalid(fault("it is no JSON object")) }
        do throws(WatchError) { return .present(try Sidecar(members)) } catch { return .invalid(error) }
    }

    /// The options of a JSON object.
    /// - Throws: `invalid_sidecar`, naming the key and its fault.
    package init(_ members: OrderedDictionary<String, JSONValue>) throws(WatchError) {
        if members["for"] != nil, members["profile"] != nil {
            throw Self.fault("\"for\" and \"profile\" are one setting; write one of them")
        }
        for (key, value) in members {
            if let error = set(key, value) { throw error }
        }
    }

    private mutating func set(_ key: String, _ value: JSONValue) -> WatchError? {
        if let field = Self.texts[key] {
            guard case .text(let text) = value else { return Self.fault("\"\(key)\" has to be text") }
            self[keyPath: field] = text
        } else if let field = Self.numbers[key] {
            guard case .integer(let number) = value, number >= 0 else {
                return Self.fault("\"\(key)\" has to be a whole number")
            }
            self[keyPath: field] = number
        } else if FitSettings.sidecarKeys.contains(key) {
            switch value {
            case .text(let text): fit[key] = text
            case .integer(let number): fit[key] = "\(number)"
            case .flag(let flag): fit[key] = "\(flag)"
            default: return Self.fault("\"\(key)\" has to be text, a whole number or a flag")
            }
        } else if key == "options" {
            guard case .object = value else { return Self.fault("\"options\" has to be a JSON object") }
            options = value
        } else {
            let nearest = NearestName.of(key, among: Self.keys)
            let hint =
                nearest.map { "; did you mean \"\($0)\"?" } ?? "; known keys are \(Self.keys.joined(separator: ", "))"
            return Self.fault("\"\(PrintableName.escaped(key))\" is no key of a sidecar\(hint)")
        }
        return nil
    }

    /// The beginning of each error's message.
    package static let introduction = "The sidecar cannot be used: "

    private static func fault(_ what: String) -> WatchError {
        WatchError(.invalidSidecar, introduction + "\(what).")
    }

    /// All keys, in alphabetical order.
    package static var keys: [String] { (fitless + FitSettings.sidecarKeys).sorted() }

    private static var fitless: [String] { Array(texts.keys) + Array(numbers.keys) + ["options"] }

    private static var texts: [String: WritableKeyPath<Sidecar, String?>] {
        [
            "prompt": \.prompt, "negative_prompt": \.negativePrompt, "model": \.model, "provider": \.provider,
            "size": \.size, "profile": \.profile, "for": \.profile, "limit": \.limit, "format": \.format,
            "strategy": \.strategy, "background": \.background,
        ]
    }

    private static var numbers: [String: WritableKeyPath<Sidecar, Int?>] {
        ["n": \.count, "seed": \.seed, "max_side": \.maximumSide, "timeout": \.timeout]
    }
}
