// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// The keys that a configuration may have.
indirect enum ConfigurationSchema: Sendable {
    case value(isList: Bool)
    /// One value, or a list of them.
    case values
    /// A value, or keys below it: a setting of the daemon that has the name of a command.
    case valueOr(ConfigurationSchema)
    /// Another command's keys, which that command checks.
    case unchecked
    case group([String: ConfigurationSchema])
    /// A group whose keys are names that the user chooses.
    case named(ConfigurationSchema)

    /// The whole configuration.
    static let root: ConfigurationSchema = {
        var root = group(DaemonSettings.all.map { ($0.path, $0.isList) })
        let account = group(AccountSettings.all.map { ($0.path, $0.isList) } + [(["provider"], false)])
        let folder = group(
            FolderSettings.all.map { ($0.path, $0.isList) } + [(["inbox"], false), (["outbox"], false)])
        if case .group(var members) = root {
            members["accounts"] = .named(account)
            members["folders"] = .named(folder)
            root = .group(members)
        }
        return root
    }()

    /// The keys of the daemon, with those of commands beside them.
    func including(_ sections: [CommandSection]) -> ConfigurationSchema {
        guard case .group(var members) = self else { return self }
        for section in sections {
            let schema = Self.section(section)
            if case .value(isList: false)? = members[section.name] {
                members[section.name] = .valueOr(schema)
            } else {
                members[section.name] = schema
            }
        }
        return .group(members)
    }

    private static func section(_ section: CommandSection) -> ConfigurationSchema {
        guard let options = section.options else { return .unchecked }
        var members: [String: ConfigurationSchema] = [:]
        for name in options { members[name] = .values }
        for inner in section.sections { members[inner.name] = Self.section(inner) }
        return .group(members)
    }

    private static func group(_ leaves: [(path: [String], isList: Bool)]) -> ConfigurationSchema {
        var members: [String: ConfigurationSchema] = [:]
        for (name, inside) in Dictionary(grouping: leaves, by: { $0.path[0] }) {
            let deeper = inside.filter { $0.path.count > 1 }.map { (Array($0.path.dropFirst()), $0.isList) }
            members[name] = deeper.isEmpty ? .value(isList: inside[0].isList) : group(deeper)
        }
        return .group(members)
    }

    /// Finds keys that are not known, and values of the wrong kind.
    func faults(in document: ConfigurationDocument) -> [ConfigurationError.Fault] {
        var faults: [ConfigurationError.Fault] = []
        var refused: [[String]] = []
        for entry in document.entries where !refused.contains(where: { entry.path.starts(with: $0) }) {
            guard let message = fault(of: entry) else { continue }
            refused.append(entry.path)
            faults.append(
                .init(
                    place: "\(document.name):\(entry.line)",
                    key: PrintableName.escaped(entry.path.joined(separator: ".")), message: message))
        }
        return faults
    }

    private func fault(of entry: ConfigurationDocument.Entry) -> String? {
        var schema = self
        for name in entry.path {
            if case .valueOr(let inner) = schema { schema = inner }
            switch schema {
            case .valueOr: return nil
            case .value, .values: return "has no keys of its own"
            case .unchecked: return nil
            case .named(let inner): schema = inner
            case .group(let members):
                guard let member = members[name] else { return Self.unknown(name, among: members.keys.sorted()) }
                schema = member
            }
        }
        switch (schema, entry.kind) {
        case (.value, .empty), (.values, .empty), (.valueOr, .empty):
            return "has no value; give one, or remove the line"
        case (.value, .group), (.values, .group): return "takes a value, and has keys below it"
        case (.value(isList: true), .value): return "takes a list; write [a] or [a, b]"
        case (.value(isList: false), .list), (.valueOr, .list): return "takes one value, and has a list"
        case (.group, .value), (.named, .value), (.group, .list), (.named, .list), (.unchecked, .value),
            (.unchecked, .list):
            return "takes keys below it, and has a value"
        default: return nil
        }
    }

    /// Names under which people look for the storage's keys.
    private static let storageSecrets: Set = [
        "storage_key", "storage_key_id", "storage_access_key", "storage_access_key_id", "storage_secret",
        "storage_secret_key", "storage_secret_access_key", "storage_token", "storage_session_token",
        "aws_access_key_id", "aws_secret_access_key", "aws_session_token",
    ]

    private static func unknown(_ name: String, among known: [String]) -> String {
        let lower = name.lowercased()
        if known.contains("storage_key_env"), storageSecrets.contains(lower) {
            return "keys are never in this file; name variables by storage_key_id_env and storage_key_env, or files by "
                + "storage_key_id_file and storage_key_file"
        }
        if known.contains("key_env"), ["key", "api_key", "token", "secret", "password"].contains(lower) {
            return "keys are never in this file; name a variable by key_env, or a file by key_file"
        }
        if let nearest = NearestName.of(name, among: known) { return "is not known. Did you mean '\(nearest)'?" }
        return "is not known; known here are \(known.joined(separator: ", "))"
    }

    /// Variables of the environment that look like settings and are none.
    static func faults(
        inEnvironment variables: [String], accounts: [String], folders: [String]
    ) -> [ConfigurationError.Fault] {
        var known = Set(DaemonSettings.all.map { variable($0.path) })
        for name in accounts {
            for path in AccountSettings.all.map(\.path) + [["provider"]] {
                known.insert(variable(["accounts", name] + path))
            }
        }
        for name in folders {
            for path in FolderSettings.all.map(\.path) + [["inbox"], ["outbox"]] {
                known.insert(variable(["folders", name] + path))
            }
        }
        let groups = [
            "SNUG_ACCOUNTS_", "SNUG_FOLDERS_", "SNUG_WORKERS_", "SNUG_RETENTION_", "SNUG_LOG_", "SNUG_NETWORK_",
            "SNUG_WEBHOOK_",
        ]
        return variables.sorted().filter { name in groups.contains(where: name.hasPrefix) && !known.contains(name) }.map
        {
            name in
            let nearest = NearestName.of(name.lowercased(), among: known.map { $0.lowercased() })
            return ConfigurationError.Fault(
                place: name,
                message: "is no setting of this configuration"
                    + (nearest.map { ". Did you mean \($0.uppercased())?" } ?? "; remove it"))
        }
    }

    /// The variable of a key, as swift-configuration names it: `myPhotos` is `MY_PHOTOS`.
    static func variable(_ path: [String]) -> String {
        "SNUG_"
            + path.map { part in
                var words = ""
                for letter in part {
                    if letter.isUppercase, words.last?.isLowercase == true { words.append("_") }
                    words.append(letter)
                }
                return String(words.uppercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
            }.joined(separator: "_")
    }
}
