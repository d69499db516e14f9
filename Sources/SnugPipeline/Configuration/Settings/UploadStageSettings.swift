// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem
import SnugUpload
import SystemPackage

/// The settings of the stage that uploads.
enum UploadStageSettings {
    static let all: [Setting<WatchFolder>] = [
        Setting("upload.to", show: { $0.upload.map(UploadAddress.text) }) { folder, text throws(SettingFault) in
            folder.upload = try UploadAddress.settings(text)
        },
        Setting("upload.protocol", show: { folder in folder.upload.map { $0.uploadProtocol?.rawValue ?? "auto" } }) {
            folder, text throws(SettingFault) in
            let chosen = UploadProtocol(rawValue: text.text)
            guard chosen != nil || text.text == "auto" else {
                throw SettingFault.unknown(text.text, among: ["auto"] + UploadProtocol.allCases.map(\.rawValue))
            }
            try change(&folder) { upload in upload.uploadProtocol = chosen }
        },
        Setting("upload.content_type", show: { $0.upload?.contentType }) { folder, text throws(SettingFault) in
            try change(&folder) { $0.contentType = text.text }
        },
        Setting("upload.file_field", show: { $0.upload?.formField }) { folder, text throws(SettingFault) in
            try change(&folder) { $0.formField = text.text }
        },
        Setting("upload.headers", isList: true, show: { $0.upload.flatMap(headers) }) {
            folder, text throws(SettingFault) in
            let fields = try text.values.map { value throws(SettingFault) in try header(value, folder: text.folder) }
            try change(&folder) { $0.headers = fields }
        },
        Setting("upload.region", show: { $0.upload?.s3?.region }) { folder, text throws(SettingFault) in
            let region = try SettingFormat.text.parse(text)
            try changeS3(&folder) { $0.region = region }
        },
        Setting("upload.access_key_env", show: { $0.upload?.s3?.accessKeyID.variable }) {
            folder, text throws(SettingFault) in
            let variable = try SettingFormat.text.parse(text)
            try changeS3(&folder) { $0.accessKeyID = .environment(variable) }
        },
        Setting("upload.access_key_file", show: { $0.upload?.s3?.accessKeyID.file }) {
            folder, text throws(SettingFault) in
            let path = try SettingFormat.path.parse(text)
            try changeS3(&folder) { $0.accessKeyID = .file(path) }
        },
        Setting("upload.secret_key_env", show: { $0.upload?.s3?.secretKey.variable }) {
            folder, text throws(SettingFault) in
            let variable = try SettingFormat.text.parse(text)
            try changeS3(&folder) { $0.secretKey = .environment(variable) }
        },
        Setting("upload.secret_key_file", show: { $0.upload?.s3?.secretKey.file }) {
            folder, text throws(SettingFault) in
            let path = try SettingFormat.path.parse(text)
            try changeS3(&folder) { $0.secretKey = .file(path) }
        },
    ]

    private static func change(
        _ folder: inout WatchFolder, _ body: (inout UploadSettings) -> Void
    ) throws(SettingFault) {
        guard var upload = folder.upload else {
            throw SettingFault("has no upload to belong to; set upload.to", base: "upload.to")
        }
        body(&upload)
        folder.upload = upload
    }

    private static func changeS3(
        _ folder: inout WatchFolder, _ body: (inout UploadSettings.S3Keys) -> Void
    ) throws(SettingFault) {
        try change(&folder) { upload in
            var keys = upload.s3 ?? UploadSettings.S3Keys()
            body(&keys)
            upload.s3 = keys
        }
    }

    private static func headers(_ upload: UploadSettings) -> String? {
        if upload.headers.isEmpty { return nil }
        return upload.headers.map { field in
            switch field.value {
            case .text(let text): "\(field.name): \(text)"
            case .secret(let prefix, let reference): "\(field.name): \(prefix)\(reference.placeholder)"
            }
        }.joined(separator: ", ")
    }

    /// `Name: value`, with a secret as `${env:NAME}` or `${file:PATH}` at its end.
    private static func header(_ text: String, folder: FilePath) throws(SettingFault) -> UploadSettings.Header {
        if let match = try? /([^\s:]+):\s*(.*)/.wholeMatch(in: text)?.output,
            let (prefix, reference) = try SecretReference.ending(String(match.2), folder: folder)
        {
            return UploadSettings.Header(String(match.1), .secret(prefix: prefix, reference))
        }
        guard let match = try? /([^\s:]+):\s*(.*?)\s*/.wholeMatch(in: text)?.output else {
            throw SettingFault("'\(PrintableName.escaped(text))' is no header; write 'Name: value'")
        }
        let name = match.1.lowercased()
        let words = ["authorization", "cookie", "token", "secret", "key", "password", "credential", "signature"]
        if words.contains(where: name.contains) || name.split(separator: "-").contains("auth") {
            throw SettingFault(
                "the value of \(match.1) is a secret, and never in this file: write '\(match.1): ${env:NAME}' or "
                    + "'\(match.1): ${file:PATH}'")
        }
        return UploadSettings.Header(String(match.1), .text(String(match.2)))
    }
}
