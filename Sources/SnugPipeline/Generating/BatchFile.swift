// SPDX-License-Identifier: Apache-2.0
import OrderedCollections
public import SnugGeneration
import SnugSystem
import SystemPackage

/// The prompts of a batch: one JSON object a line.
public struct BatchFile: Sendable {
    /// A line with a valid request.
    public struct Line: Sendable {
        /// The number of the line, from 1.
        public var number: Int
        /// The request.
        public var request: GenerationRequest
        /// Its own place below the folder of the batch.
        public var output: String?

        package init(number: Int, request: GenerationRequest, output: String?) {
            self.number = number
            self.request = request
            self.output = output
        }
    }

    /// A line that cannot be read, and the reason.
    public struct Fault: Sendable, Hashable {
        /// The number of the line, from 1.
        public var number: Int
        /// The fault, for a person.
        public var message: String
    }

    /// The valid lines.
    public private(set) var lines: [Line] = []
    /// The faulty lines.
    public private(set) var faults: [Fault] = []

    static let keys = [
        "prompt", "model", "fallback_models", "size", "n", "images", "mask", "seed", "format", "partial_images",
        "parameters", "output",
    ]

    /// Reads every line; a faulty one does not stop the others.
    /// - Parameters:
    ///   - text: The content of the file.
    ///   - defaults: Values of members that a line leaves out.
    ///   - check: Throws for a request that the provider does not accept, such as `Provider.validate(_:)`.
    public init(_ text: String, defaults: GenerationRequest, check: (GenerationRequest) throws -> Void) {
        // Other characters that break lines are allowed within JSON's texts; editors put a mark before the first line.
        let isBreak = { (character: Character) in ["\n", "\r\n", "\r"].contains(character) }
        let lines = text.drop { $0 == "\u{FEFF}" }.split(omittingEmptySubsequences: false, whereSeparator: isBreak)
        for (index, line) in lines.enumerated() {
            guard !line.allSatisfy(\.isWhitespace) else { continue }
            var reader = LineReader(defaults)
            do {
                let (request, output) = try reader.read(String(line))
                guard reader.messages.isEmpty else {
                    faults.append(Fault(number: index + 1, message: reader.messages.joined(separator: "; ")))
                    continue
                }
                try check(request)
                self.lines.append(Line(number: index + 1, request: request, output: output))
            } catch let error as GenerationError {
                faults.append(Fault(number: index + 1, message: error.message))
            } catch {
                faults.append(Fault(number: index + 1, message: "\(error)"))
            }
        }
    }
}

/// Turns one object into a request, and collects its faults.
private struct LineReader {
    private(set) var messages: [String] = []
    private var request: GenerationRequest
    private var object: JSONValue = [:]

    init(_ defaults: GenerationRequest) { request = defaults }

    mutating func read(_ line: String) throws -> (GenerationRequest, output: String?) {
        guard let object = JSONValue(parsing: Array(line.utf8)), case .object(let members) = object else {
            throw GenerationError(.invalidRequest, "is no JSON object; write {\"prompt\": \"…\"}")
        }
        self.object = object
        for key in members.keys where !BatchFile.keys.contains(key) {
            messages.append(
                "\"\(PrintableName.escaped(key))\" is not known; there are \(BatchFile.keys.joined(separator: ", "))")
        }
        if let prompt = text("prompt") { request.prompt = prompt } else { missing("prompt") }
        if let model = text("model") { request.model = model }
        if let models = texts("fallback_models") { request.fallbackModels = models }
        if let size = text("size") {
            if let size = ImageSize(size) { request.size = size } else { fail("size", "is no size; write 1024x768") }
        }
        if let count = integer("n") { request.count = count }
        if let images = texts("images") { request.images = try images.map(input) }
        if let mask = text("mask") { request.mask = try input(mask) }
        if let seed = integer("seed") { request.seed = seed }
        if let format = text("format") { request.format = format }
        if let partial = integer("partial_images") { request.partialImages = partial }
        readParameters()
        return (request, text("output"))
    }

    private mutating func readParameters() {
        guard let value = value("parameters") else { return }
        guard case .object(let members) = value else { return fail("parameters", "has to be an object") }
        for (name, value) in members {
            switch value {
            case .text(let text): request.parameters[name] = .text(text)
            case .integer(let integer): request.parameters[name] = .integer(integer)
            case .number(let number): request.parameters[name] = .number(number)
            case .flag(let flag): request.parameters[name] = .flag(flag)
            case .null: request.parameters[name] = nil
            case .array, .object: fail("parameters", "takes texts, numbers, true and false only (\(name))")
            }
        }
    }

    private func input(_ text: String) throws -> ImageInput {
        try ImageInput(reference: text)
    }

    // MARK: Members

    private func value(_ key: String) -> JSONValue? {
        object[key]
    }

    private mutating func text(_ key: String) -> String? {
        guard let value = value(key) else { return nil }
        if case .text(let text) = value { return text }
        fail(key, "has to be a text")
        return nil
    }

    private mutating func integer(_ key: String) -> Int? {
        guard let value = value(key) else { return nil }
        if case .integer(let integer) = value { return integer }
        fail(key, "has to be a whole number")
        return nil
    }

    private mutating func texts(_ key: String) -> [String]? {
        guard let value = value(key) else { return nil }
        if case .text(let text) = value { return [text] }
        guard case .array(let values) = value else {
            fail(key, "has to be a list of texts")
            return nil
        }
        return values.compactMap { value in
            if case .text(let text) = value { return text }
            fail(key, "has to be a list of texts")
            return nil
        }
    }

    private mutating func missing(_ key: String) {
        // One of the wrong kind is reported already.
        if value(key) == nil { fail(key, "is missing") }
    }

    private mutating func fail(_ key: String, _ what: String) {
        let message = "\(key) \(what)"
        if !messages.contains(message) { messages.append(message) }
    }
}

extension ImageInput {
    /// An address, or the path of a file, which becomes absolute because work may resume in another folder.
    /// - Throws: ``GenerationError`` with `invalid_request` for a name that no file can have.
    public init(reference text: String) throws {
        let start = text.prefix(8).lowercased()
        if start.hasPrefix("http://") || start.hasPrefix("https://") {
            self = .url(text)
            return
        }
        guard !text.unicodeScalars.contains("\0") else {
            throw GenerationError(.invalidRequest, "a file's name has a NUL in it")
        }
        self = .file(try WorkingFolder.absolute(FilePath(text)))
    }
}
