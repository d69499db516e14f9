// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP

/// The field names of the upload protocols.
extension HTTPField.Name {
    static let contentMD5 = Self(literal: "Content-MD5")
    static let dav = Self(literal: "DAV")
    static let digest = Self(literal: "Digest")
    static let googleHash = Self(literal: "x-goog-hash")
    static let methodOverride = Self(literal: "X-HTTP-Method-Override")
    static let uploadContentLength = Self(literal: "X-Upload-Content-Length")
    static let uploadContentType = Self(literal: "X-Upload-Content-Type")

    // tus 1.0.0
    static let tusChecksumAlgorithm = Self(literal: "Tus-Checksum-Algorithm")
    static let tusExtension = Self(literal: "Tus-Extension")
    static let tusMaximumSize = Self(literal: "Tus-Max-Size")
    static let tusResumable = Self(literal: "Tus-Resumable")
    static let tusVersion = Self(literal: "Tus-Version")
    static let uploadChecksum = Self(literal: "Upload-Checksum")
    static let uploadConcat = Self(literal: "Upload-Concat")
    static let uploadExpires = Self(literal: "Upload-Expires")
    static let uploadMetadata = Self(literal: "Upload-Metadata")

    // draft-ietf-httpbis-resumable-upload, and with tus
    static let uploadComplete = Self(literal: "Upload-Complete")
    static let uploadDraftInteropVersion = Self(literal: "Upload-Draft-Interop-Version")
    static let uploadIncomplete = Self(literal: "Upload-Incomplete")
    static let uploadLength = Self(literal: "Upload-Length")
    static let uploadLimit = Self(literal: "Upload-Limit")
    static let uploadOffset = Self(literal: "Upload-Offset")

    // S3
    static let amazonBucketRegion = Self(literal: "x-amz-bucket-region")
    static let amazonChecksumAlgorithm = Self(literal: "x-amz-checksum-algorithm")
    static let amazonChecksumCRC64 = Self(literal: "x-amz-checksum-crc64nvme")
    static let amazonChecksumMode = Self(literal: "x-amz-checksum-mode")
    static let amazonChecksumSHA256 = Self(literal: "x-amz-checksum-sha256")
    static let amazonChecksumType = Self(literal: "x-amz-checksum-type")
    static let amazonContentSHA256 = Self(literal: "x-amz-content-sha256")
    static let amazonDate = Self(literal: "x-amz-date")
    static let amazonEncryption = Self(literal: "x-amz-server-side-encryption")
    static let amazonCustomerEncryption = Self(literal: "x-amz-server-side-encryption-customer-algorithm")
    static let amazonSecurityToken = Self(literal: "x-amz-security-token")
}
