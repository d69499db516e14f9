// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem
import SystemPackage

/// The address of an upload in a configuration, whose query may end with the place of a secret.
enum UploadAddress {
    /// Reads `https://host/folder/`, or `https://host/folder/?token=${env:NAME}`.
    static func settings(_ text: SettingText) throws(SettingFault) -> UploadSettings {
        let secret = try SecretReference.ending(text.text, folder: text.folder)
        let open = secret?.prefix ?? text.text
        let parts = open.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard secret == nil || parts.count == 2, !open.contains("${") else {
            throw SettingFault(
                "a secret can be the end of an address's query only: write https://host/folder/?token=${env:NAME}, or send "
                    + "it in upload.headers")
        }
        var (upload, holdsSecret): (UploadSettings, Bool)
        do throws(HTTPError) {
            upload = UploadSettings(url: try HTTPURL(secret == nil ? open : parts[0]))
            holdsSecret = UploadSettings.holdsSecret(try HTTPURL(open))
        } catch {
            throw SettingFault(error.message)
        }
        guard !holdsSecret else { throw SettingFault(UploadSettings.secretFault(of: upload.url)) }
        if let secret { upload.query = .secret(prefix: parts[1], secret.reference) }
        return upload
    }

    /// The address as it can be shown.
    static func text(_ upload: UploadSettings) -> String {
        switch upload.query {
        case .secret(let prefix, let reference): "\(upload.url)?\(prefix)\(reference.placeholder)"
        case .text, nil: "\(upload.url)"
        }
    }
}

extension UploadSettings {
    /// True for an address with a signature or a key in its query.
    static func holdsSecret(_ url: HTTPURL) -> Bool { url.secrets.contains { !$0.reveal().isEmpty } }

    /// The fault of an address that holds a secret.
    static func secretFault(of url: HTTPURL) -> String {
        "the query of \(url) holds a secret, and those are never in this file or in a job: write it as ?sig=${env:NAME} or "
            + "?sig=${file:PATH}, or send it in upload.headers"
    }
}

extension SecretReference {
    /// The text that stands for the secret.
    var placeholder: String {
        switch self {
        case .environment(let name): "${env:\(name)}"
        case .file(let path): "${file:\(path.string)}"
        }
    }

    /// The place of a secret at the end of a text, and the text before it; `nil` where there is none.
    static func ending(
        _ text: String, folder: FilePath
    ) throws(SettingFault) -> (prefix: String, reference: SecretReference)? {
        guard let match = try? /(.*?)\$\{(env|file):([^}]+)\}\s*/.wholeMatch(in: text)?.output else { return nil }
        let name = String(match.3)
        guard match.2 == "file" else { return (String(match.1), .environment(name)) }
        let path = try SettingFormat.path.parse(SettingText(values: [name], folder: folder))
        return (String(match.1), .file(path))
    }
}
