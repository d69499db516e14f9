// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SystemPackage

/// One reading of a configuration: the values, their origins, and the faults so far.
struct ConfigurationReading {
    private let reader: SettingReader
    private let document: ConfigurationDocument?
    private let defaultStateDirectory: FilePath
    private let currentFolder: FilePath
    private(set) var faults: [ConfigurationError.Fault] = []
    private(set) var settings: [EffectiveSetting] = []

    init(_ loader: ConfigurationLoader, _ document: ConfigurationDocument?) throws(ConfigurationError) {
        self.document = document
        defaultStateDirectory = loader.stateDirectory
        do {
            currentFolder = try FileSystem.currentFolder()
        } catch {
            throw ConfigurationError([.init(message: "the current folder is gone; change to another")])
        }
        reader = try SettingReader(
            document: document, environment: loader.environment, options: loader.options, isList: Self.isList)
    }

    /// The whole configuration; ``faults`` says what is wrong with it.
    mutating func service(accounts: [String], folders: [String]) -> ServiceConfiguration {
        var service = ServiceConfiguration(watch: WatchConfiguration(stateDirectory: defaultStateDirectory))
        apply(DaemonSettings.all, to: &service, below: [])
        if let message = WebhookSettings.fault(service) { fault(["webhook", "url"], message) }
        for name in accounts {
            if let account = account(name) { service.watch.accounts.append(account) }
        }
        for name in folders {
            if let folder = folder(name) { service.watch.folders.append(folder) }
        }
        return service
    }

    private mutating func account(_ name: String) -> Account? {
        let path = ["accounts", name]
        let key = path + ["provider"]
        let names = Account.ProviderName.allCases.map(\.rawValue)
        guard let text = text(key, isList: false)?.text else {
            fault(path, "names no provider; set provider to \(names.joined(separator: ", "))")
            return nil
        }
        note(key, text)
        guard let provider = Account.ProviderName(rawValue: text) else {
            fault(key, SettingFault.unknown(text, among: names).message)
            return nil
        }
        var account = Account(name: name, provider: provider)
        apply(AccountSettings.all, to: &account, below: path)
        return account
    }

    private mutating func folder(_ name: String) -> WatchFolder? {
        let path = ["folders", name]
        guard let inbox = requiredPath(path, "inbox"), let outbox = requiredPath(path, "outbox") else { return nil }
        var folder = WatchFolder(inbox: inbox, outbox: outbox, name: name)
        apply(FolderSettings.all, to: &folder, below: path)
        if !settings.contains(where: { $0.key == Self.key(path + ["pipeline"]) && $0.origin != .default }) {
            // Whatever is configured is done.
            let stages: [Pipeline.Stage] = [
                .fit, folder.upload == nil ? nil : .upload, folder.generation == nil ? nil : .generate,
            ].compactMap { $0 }
            folder.pipeline = Pipeline(stages) ?? .fit
            if let index = settings.firstIndex(where: { $0.key == Self.key(path + ["pipeline"]) }) {
                settings[index].value = folder.pipeline.description
            }
        }
        return folder
    }

    private mutating func requiredPath(_ path: [String], _ name: String) -> FilePath? {
        let key = path + [name]
        guard let text = text(key, isList: false) else {
            fault(path, "names no \(name); set it to a folder")
            return nil
        }
        do throws(SettingFault) {
            let folder = try SettingFormat.path.parse(text)
            note(key, folder.string)
            return folder
        } catch {
            fault(key, error.message)
            return nil
        }
    }

    // MARK: Values

    private mutating func apply<Target: Sendable>(
        _ table: [Setting<Target>], to target: inout Target, below path: [String]
    ) {
        let first = settings.count
        for setting in table {
            let key = path + setting.path
            let text = text(key, isList: setting.isList)
            // The value is filled in once all are read, because one may change another.
            note(key, nil, isDefault: text == nil)
            guard let text else { continue }
            do throws(SettingFault) { try setting.apply(&target, text) } catch {
                let base = error.base.map { PrintableName.escaped(Self.key(path + [$0])) }
                // What it belongs to is at fault, and told.
                if base == nil || !faults.contains(where: { $0.key == base }) { fault(key, error.message) }
            }
        }
        for (index, setting) in table.enumerated() { settings[first + index].value = setting.show(target) }
    }

    private func text(_ path: [String], isList: Bool) -> SettingText? {
        guard let values = reader.values(of: path, isList: isList) else { return nil }
        return SettingText(values: values, folder: reader.lastIsOfFile ? fileFolder : currentFolder)
    }

    private var fileFolder: FilePath {
        guard let folder = document?.folder else { return currentFolder }
        return folder.isAbsolute ? folder : currentFolder.pushing(folder).lexicallyNormalized()
    }

    // MARK: Origins

    /// Notes the origin of the value that was read last.
    private mutating func note(_ path: [String], _ value: String?, isDefault: Bool = false) {
        let (origin, place) = isDefault ? (.default, "") : reader.place(of: path)
        settings.append(EffectiveSetting(key: Self.key(path), value: value, origin: origin, place: place))
    }

    private mutating func fault(_ path: [String], _ message: String) {
        let noted = settings.last { $0.key == Self.key(path) }
        let place = noted?.place ?? document?.place(of: path) ?? ""
        faults.append(.init(place: place, key: PrintableName.escaped(Self.key(path)), message: message))
    }

    private static func key(_ path: [String]) -> String { path.joined(separator: ".") }

    private static func isList(_ path: [String]) -> Bool {
        switch path.first {
        case "folders": FolderSettings.all.contains { $0.path == Array(path.dropFirst(2)) && $0.isList }
        case "accounts": AccountSettings.all.contains { $0.path == Array(path.dropFirst(2)) && $0.isList }
        default: DaemonSettings.all.contains { $0.path == path && $0.isList }
        }
    }
}
