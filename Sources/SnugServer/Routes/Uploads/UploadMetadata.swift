// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// The field `Upload-Metadata`: names, each with a value in base64 (tus 1.0.0, extension Creation).
enum UploadMetadata {
    /// Maximum bytes of the field.
    static let maximumBytes = 8 << 10

    /// The values by their names.
    /// - Throws: `invalid_parameter`.
    static func values(_ text: String) throws(ServiceError) -> [String: String] {
        var values: [String: String] = [:]
        guard text.utf8.count <= maximumBytes else { throw fault("is longer than \(maximumBytes) bytes") }
        for pair in text.split(separator: ",") {
            let parts = pair.split(separator: " ")
            guard let name = parts.first, parts.count <= 2 else { throw fault("is no list of names and values") }
            guard let data = Data(base64Encoded: parts.count == 2 ? String(parts[1]) : "") else {
                throw fault("has a value that is no base64")
            }
            guard values.updateValue(String(decoding: data, as: UTF8.self), forKey: String(name)) == nil else {
                throw fault("has a name twice")
            }
        }
        return values
    }

    private static func fault(_ problem: String) -> ServiceError {
        .invalidParameter("Upload-Metadata", "\(problem); write 'filename BASE64'")
    }
}
