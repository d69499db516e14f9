// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SystemPackage
import Yams

/// A configuration file, with the line of each key.
struct ConfigurationDocument: Sendable {
    /// A key and its kind of value.
    struct Entry: Sendable {
        enum Kind: Sendable { case value, list, group, empty }

        var path: [String]
        var kind: Kind
        var line: Int
    }

    /// Bytes that no configuration exceeds.
    static let maximumBytes = 1 << 20

    /// The file's name in messages.
    let name: String
    /// The folder that relative paths start from.
    let folder: FilePath
    let text: String
    /// All keys in the order of the file.
    let entries: [Entry]

    /// Reads a file. It blocks.
    init(reading path: FilePath) throws(ConfigurationError) {
        let name = PrintableName.of(path)
        let bytes: [UInt8]
        do {
            let file = try FileDescriptor.opening(path, .readOnly)
            bytes = try file.closeAfter { try file.readBytes(maximum: Self.maximumBytes + 1) }
        } catch {
            let message =
                error as? Errno == .isDirectory
                ? "is a folder; name a file" : "cannot be read: \(error); check its \(Self.doubt(error))"
            throw ConfigurationError([.init(place: name, message: message)])
        }
        guard bytes.count <= Self.maximumBytes else {
            throw ConfigurationError([.init(place: name, message: "is larger than 1 MiB; name another file")])
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError([.init(place: name, message: "is not UTF-8; save it as UTF-8")])
        }
        try self.init(text: text, name: name, folder: path.removingLastComponent())
    }

    /// The thing to check after a failure.
    private static func doubt(_ error: any Error) -> String {
        [.noSuchFileOrDirectory, .notDirectory].contains(error as? Errno) ? "path" : "permissions"
    }

    /// Parses text.
    init(text: String, name: String, folder: FilePath) throws(ConfigurationError) {
        self.name = name
        self.folder = folder
        self.text = text
        do {
            let root = try Yams.compose(yaml: text)
            var entries: [Entry] = []
            // A file without a word, or with comments only, sets nothing.
            if let root, !Self.isEmpty(root) { try Self.flatten(root, below: [], into: &entries, name: name) }
            self.entries = entries
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw ConfigurationError([Self.fault(of: error, name: name)])
        }
    }

    /// The line of a key, or of the nearest one above it.
    func place(of path: [String]) -> String {
        var path = path
        while !path.isEmpty {
            if let entry = entries.first(where: { $0.path == path }) { return "\(name):\(entry.line)" }
            path.removeLast()
        }
        return name
    }

    /// The keys of a group, in the order of the file.
    func names(in group: [String]) -> [String] {
        entries.filter { $0.path.count == group.count + 1 && $0.path.starts(with: group) }.compactMap(\.path.last)
    }

    private static func flatten(
        _ node: Node, below path: [String], into entries: inout [Entry], name: String
    ) throws(ConfigurationError) {
        guard let mapping = node.mapping else {
            throw ConfigurationError([
                .init(place: "\(name):\(node.mark?.line ?? 1)", message: "is no list of keys; write 'key: value' lines")
            ])
        }
        for (key, value) in mapping {
            let line = key.mark?.line ?? value.mark?.line ?? 1
            guard let text = key.string else {
                throw ConfigurationError([.init(place: "\(name):\(line)", message: "a key is no text")])
            }
            let path = path + [text]
            if value.mapping != nil {
                entries.append(Entry(path: path, kind: .group, line: line))
                try flatten(value, below: path, into: &entries, name: name)
            } else if let items = value.sequence {
                guard items.allSatisfy({ $0.scalar != nil }) else {
                    throw ConfigurationError([
                        .init(
                            place: "\(name):\(line)", key: PrintableName.escaped(path.joined(separator: ".")),
                            message: "the list holds more than plain values; things with names, such as "
                                + "folders, are written 'NAME:' with their settings below")
                    ])
                }
                entries.append(Entry(path: path, kind: .list, line: line))
            } else {
                entries.append(Entry(path: path, kind: isEmpty(value) ? .empty : .value, line: line))
            }
        }
    }

    private static func isEmpty(_ node: Node) -> Bool {
        guard let scalar = node.scalar else { return false }
        return scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
    }

    private static func fault(of error: any Error, name: String) -> ConfigurationError.Fault {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            .init(place: "\(name):\(mark.line)", message: "is no YAML: \(problem) (column \(mark.column))")
        case .duplicatedKeysInMapping(let duplicates, let context):
            .init(
                place: "\(name):\(context.mark.line)",
                message: "the key '\(PrintableName.escaped(duplicates.first ?? ""))' is there twice; remove one")
        default: .init(place: name, message: "is no YAML: \(error)")
        }
    }
}
