// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugUpload

extension UploadDestinationOptions {
    /// Options that only some protocols have a use for. No server announces S3 or ranged PUT.
    static let protocolOptions: [(option: String, protocols: [UploadProtocol])] = [
        ("region", [.s3]), ("presign", [.s3]), ("file-field", [.form]), ("field", [.form]),
        ("ranged-style", [.rangedPut]),
    ]

    /// Names of those that are given, and differ from their defaults.
    private var givenProtocolOptions: Set<String> {
        let all = [
            ("region", region != nil), ("presign", presign != nil), ("file-field", fileField != "file"),
            ("field", !field.isEmpty), ("ranged-style", rangedStyle != "in-place"),
        ]
        return Set(all.filter(\.1).map(\.0))
    }

    /// Refuses options that the protocol has no use for.
    /// - Throws: `ValidationError`.
    func checkProtocolOptions() throws {
        for (option, protocols) in Self.protocolOptions where givenProtocolOptions.contains(option) {
            // The server may turn out to take forms.
            if uploadProtocol == "auto", protocols == [.form] { continue }
            guard !protocols.map(\.rawValue).contains(uploadProtocol) else { continue }
            let needed = protocols.map(\.rawValue).joined(separator: " or ")
            throw ValidationError(
                "--\(option) is for --protocol \(needed), and the protocol is \(uploadProtocol); leave it out, or pass "
                    + "--protocol \(needed)")
        }
    }
}
