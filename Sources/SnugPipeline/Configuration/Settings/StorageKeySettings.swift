// SPDX-License-Identifier: Apache-2.0
import SystemPackage

/// The places of a bucket's keys: the variables that every S3 tool reads, or others.
enum StorageKeySettings {
    static let all: [Setting<ServiceConfiguration>] =
        places("storage_key_id", of: \.storageKeys.accessKeyID) + places("storage_key", of: \.storageKeys.secretKey)
        + places("storage_token", of: \.storageKeys.sessionToken)

    /// The two settings of a key: a variable and a file.
    private static func places(
        _ name: String, of key: any WritableKeyPath<ServiceConfiguration, SecretReference> & Sendable
    ) -> [Setting<ServiceConfiguration>] {
        [
            Setting("\(name)_env", show: { $0.place(of: key)?.variable }) {
                service, text throws(SettingFault) in
                service[keyPath: key] = .environment(try SettingFormat.text.parse(text))
            },
            Setting("\(name)_file", show: { $0.place(of: key)?.file }) {
                service, text throws(SettingFault) in
                service[keyPath: key] = .file(try SettingFormat.path.parse(text))
            },
        ]
    }
}

extension ServiceConfiguration {
    /// The place of a key; `nil` for the usual one where it is not asked for.
    fileprivate func place(
        of key: any WritableKeyPath<ServiceConfiguration, SecretReference> & Sendable
    ) -> SecretReference? {
        let (place, usual) = (self[keyPath: key], StorageKeys())
        let usualPlaces = [usual.accessKeyID, usual.secretKey, usual.sessionToken]
        guard usualPlaces.contains(place) else { return place }
        guard storage?.hasPrefix("s3:") == true else { return nil }
        // The token of the environment belongs to the keys of the environment.
        return place == usual.sessionToken && storageKeys.accessKeyID != usual.accessKeyID ? nil : place
    }
}
