// SPDX-License-Identifier: Apache-2.0
import Configuration

/// Values of a file that was read already, so that they and the lines in messages are of one moment.
struct SnapshotProvider: ConfigProvider {
    let providerName: String
    private let values: YAMLSnapshot

    /// Takes the values of a YAML text.
    init(yaml text: String, name: String) throws {
        providerName = name
        values = try unsafe YAMLSnapshot(data: text.utf8Span.span.bytes, providerName: name, parsingOptions: .default)
    }

    func value(forKey key: AbsoluteConfigKey, type: ConfigType) throws -> LookupResult {
        try values.value(forKey: key, type: type)
    }

    func fetchValue(forKey key: AbsoluteConfigKey, type: ConfigType) async throws -> LookupResult {
        try value(forKey: key, type: type)
    }

    func watchValue<Return: ~Copyable>(
        forKey key: AbsoluteConfigKey, type: ConfigType,
        updatesHandler: (_ updates: ConfigUpdatesAsyncSequence<Result<LookupResult, any Error>, Never>) async throws ->
            Return
    ) async throws -> Return {
        try await watchValueFromValue(forKey: key, type: type, updatesHandler: updatesHandler)
    }

    func snapshot() -> any ConfigSnapshot { values }

    func watchSnapshot<Return: ~Copyable>(
        updatesHandler: (_ updates: ConfigUpdatesAsyncSequence<any ConfigSnapshot, Never>) async throws -> Return
    ) async throws -> Return {
        try await watchSnapshotFromSnapshot(updatesHandler: updatesHandler)
    }
}
