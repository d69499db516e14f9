// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugGeneration
import SystemPackage

/// The prompts of a batch: one JSON object a line.
struct BatchFile {
    /// One line that can be done.
    struct Line {
        var number: Int
        var request: GenerationRequest
        /// Its own place below the folder for all.
        var output: String?
    }

    /// What is wrong with a line.
    struct Fault: Hashable {
        var number: Int
        var message: String
    }

    private(set) var lines: [Line] = []
    private(set) var faults: [Fault] = []

    static let keys = [
        "prompt", "model", "fallback_models", "size", "n", "images", "mask", "seed", "format", "partial_images",
        "parameters", "output",
    ]

    /// Reads every line, whatever is wrong with others.
    /// - Parameters:
    ///   - defaults: What holds where a line says nothing.
    ///   - check: Throws for what the provider cannot take.
    init(_ text: String, defaults: GenerationRequest, check: (GenerationRequest) throws -> Void) {
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = String(line).trimmingSpace()
            guard !line.isEmpty else { continue }
            var reader = LineReader(defaults)
            do {
                let (request, output) = try reader.read(line)
                guard reader.messages.isEmpty else {
                    faults.append(Fault(number: index + 1, message: reader.messages.joined(separator: "; ")))
                    continue
                }
                try check(request)
                lines.append(Line(number: index + 1, request: request, output: output))
            } catch let error as GenerationError {
                faults.append(Fault(number: index + 1, message: error.message))
            } catch let error as ValidationError {
                faults.append(Fault(number: index + 1, message: error.message))
            } catch {
                faults.append(Fault(number: index + 1, message: "\(error)"))
            }
        }
    }
}

/// Turns one object into a request, and collects what is wrong with it.
private struct LineReader {
    private(set) var messages: [String] = []
    private var request: GenerationRequest
    private var members: [String: JSONValue] = [:]

    init(_ defaults: GenerationRequest) { request = defaults }

    mutating func read(_ line: String) throws -> (GenerationRequest, output: String?) {
        guard case .object(let object) = JSONValue(parsing: Array(line.utf8)) else {
            throw ValidationError("is no JSON object; write {\"prompt\": \"…\"}")
        }
        members = object
        for key in object.keys.sorted() where !BatchFile.keys.contains(key) {
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
        guard !text.unicodeScalars.contains("\0") else { throw ValidationError("a file's name has a NUL in it") }
        return try ImageArgument(argument: text).input()
    }

    // MARK: Members

    private func value(_ key: String) -> JSONValue? {
        guard let value = members[key], value != .null else { return nil }
        return value
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
        // Of the wrong kind: told already.
        if value(key) == nil { fail(key, "is missing") }
    }

    private mutating func fail(_ key: String, _ what: String) {
        let message = "\(key) \(what)"
        if !messages.contains(message) { messages.append(message) }
    }
}
