// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem
import SnugUpload

/// S3's keys, region and endpoint by the variables that every S3 tool reads.
enum S3Environment {
    /// - Throws: ``UploadError`` with `invalid_target` without keys.
    static func settings(region: String? = nil, presignedFor: Duration? = nil) throws -> S3Settings {
        guard let id = variable("AWS_ACCESS_KEY_ID"), let secret = variable("AWS_SECRET_ACCESS_KEY") else {
            throw UploadError(.invalidTarget, "there are no S3 keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        }
        return S3Settings(
            accessKeyID: id, secretKey: Secret(secret),
            sessionToken: variable("AWS_SESSION_TOKEN").map { Secret($0) },
            region: region ?? variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION") ?? "us-east-1",
            presignedFor: presignedFor)
    }

    /// The https address of a bucket or a folder in it, which may be written `s3://bucket/folder`.
    static func address(_ text: String, region: String) throws -> String {
        guard text.lowercased().hasPrefix("s3://") else { return text }
        let parts = text.dropFirst(5).split(separator: "/", maxSplits: 1)
        guard let bucket = parts.first else { throw UploadError(.invalidTarget, "'\(text)' names no bucket") }
        let rest = parts.dropFirst().first.map { "/" + $0 } ?? ""
        if let endpoint = variable("AWS_ENDPOINT_URL_S3") ?? variable("AWS_ENDPOINT_URL") {
            return (endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint) + "/\(bucket)\(rest)"
        }
        return "https://\(bucket).s3.\(region).amazonaws.com\(rest)"
    }

    private static func variable(_ name: String) -> String? {
        Machine.environment(name).flatMap { $0.isEmpty ? nil : $0 }
    }
}
