// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import HTTPTypes
import Logging
import SnugHTTP
import SnugImage
import SnugUpload
import SystemPackage

/// Which files go where.
struct UploadDestinationOptions: ParsableArguments {
    @Argument(help: "Files to upload, or '-' for standard input.")
    var files: [PathArgument] = []

    @Option(help: "Where to. An address that ends in '/' gets the file's name added, but for tus, resumable and form.")
    var to: String?

    @Option(
        name: .customLong("protocol"),
        help: "auto, tus, resumable, s3, ranged-put, put or form. auto asks the server.")
    var protocolName = "auto"

    @Option(help: "A header for every request, 'Name: value', or @FILE with one a line.")
    var header: [String] = []

    @Option(help: "The media type. Default: by the file's content.")
    var contentType: String?

    @Option(help: "form: the file's field.")
    var fileField = "file"

    @Option(help: "form: a text field, NAME=VALUE.")
    var field: [String] = []

    @Option(help: "s3: the region.")
    var region: String?

    @Option(help: "s3: make an address that anybody can fetch the object from for so many seconds.")
    var presign: Int?

    @Option(help: "ranged-put: in-place, session or starts-session.")
    var rangedStyle = "in-place"

    func headers() throws -> HTTPFields {
        var headers = HTTPFields()
        for text in header {
            let lines = text.hasPrefix("@") ? try ReceiptFile.lines(FilePath(String(text.dropFirst()))) : [text]
            for line in lines where !line.isEmpty {
                guard let colon = line.firstIndex(of: ":") else {
                    throw ValidationError("a header is written 'Name: value'")
                }
                let value = String(line[line.index(after: colon)...]).trimmingSpace()
                // What a person gives may be a key, whatever it is called.
                var field = try HTTPField(checked: String(line[..<colon]), value)
                field.indexingStrategy = .disallow
                headers.append(field)
            }
        }
        return headers
    }

    /// The target for one file.
    func target(for file: FilePath, uploader: Uploader) async throws -> UploadTarget {
        var url = try HTTPURL(to ?? "")
        let headers = try headers()
        let chosen: UploadProtocol
        if protocolName == "auto" {
            chosen = try await uploader.detectProtocol(of: url, headers: headers)
        } else if let named = UploadProtocol(rawValue: protocolName) {
            chosen = named
        } else {
            throw ValidationError("'\(PrintableName.escaped(protocolName))' is no protocol; 'snug upload --help' lists them")
        }
        if [.s3, .put, .rangedPut].contains(chosen), url.path.hasSuffix("/"), url.query == nil {
            let name = file.lastComponent?.string ?? "file"
            url = try url.resolving(url.path + Self.percentEncoded(name))
        }
        let fields = try field.map { text in
            guard let equals = text.firstIndex(of: "=") else { throw ValidationError("a field is written NAME=VALUE") }
            return FormSettings.Field(String(text[..<equals]), String(text[text.index(after: equals)...]))
        }
        var target = UploadTarget(
            url, chosen, headers: headers, contentType: contentType ?? mediaType(of: file),
            s3: chosen == .s3 ? try s3Settings() : nil, form: FormSettings(fileField: fileField, fields: fields))
        guard let ranged = RangedPutStyle(rawValue: rangedStyle) else {
            throw ValidationError("--ranged-style is in-place, session or starts-session")
        }
        target.ranged = ranged
        return target
    }

    /// The target of an upload that was begun before.
    func target(of record: UploadRecord) throws -> UploadTarget {
        UploadTarget(
            try HTTPURL(record.target), record.uploadProtocol, headers: try headers(),
            s3: record.uploadProtocol == .s3 ? try s3Settings() : nil)
    }

    private func s3Settings() throws -> S3Settings {
        guard let id = Terminal.environment("AWS_ACCESS_KEY_ID"),
            let secret = Terminal.environment("AWS_SECRET_ACCESS_KEY")
        else { throw ValidationError("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for s3") }
        let place = region ?? Terminal.environment("AWS_REGION") ?? Terminal.environment("AWS_DEFAULT_REGION")
        return S3Settings(
            accessKeyID: id, secretKey: Secret(secret),
            sessionToken: Terminal.environment("AWS_SESSION_TOKEN").map { Secret($0) },
            region: place ?? "us-east-1", presignedFor: presign.map { .seconds($0) })
    }

    private func mediaType(of file: FilePath) -> String {
        switch file.extension?.lowercased() {
        case "jpg", "jpeg": "image/jpeg"
        case "png": "image/png"
        case "webp": "image/webp"
        case "gif": "image/gif"
        default: "application/octet-stream"
        }
    }

    private static func percentEncoded(_ name: String) -> String {
        name.utf8.map { byte in
            let isPlain =
                byte < 128 && (Character(UnicodeScalar(byte)).isLetter || Character(UnicodeScalar(byte)).isNumber)
            return isPlain || "-._~".utf8.contains(byte)
                ? String(UnicodeScalar(byte)) : "%" + Hex.text(of: [byte]).uppercased()
        }.joined()
    }
}

/// How the bytes travel.
struct UploadTransferOptions: ParsableArguments {
    @Option(
        help: "Bytes of the first chunk; it follows the line from there on.",
        transform: ArgumentParsing.positiveByteCount)
    var chunkSize = ByteCount(1 << 20)

    @Option(
        help: "Parts of a file under way at once: 4 for s3; for tus, more than 1 sends pieces that the server joins.",
        transform: ArgumentParsing.positive)
    var parallel: Int?

    @Option(help: "Files under way at once.", transform: ArgumentParsing.positive)
    var jobs = 3

    @Option(help: "Bytes a second at most, over all files.", transform: ArgumentParsing.positiveByteCount)
    var limitRate: ByteCount?

    @Option(help: "Attempts without progress before giving up.", transform: ArgumentParsing.positive)
    var maxAttempts = 10

    @Option(
        help: ArgumentHelp(
            "The longest that the server may take over one request, after which it is asked where it stands. "
                + "(default: 600)", valueName: "seconds"),
        transform: ArgumentParsing.positive)
    var attemptTimeout: Int?

    @Flag(inversion: .prefixedNo, help: "Go on with an upload that was interrupted.")
    var resume = true

    @Flag(inversion: .prefixedNo, help: "Hash the file and send checksums where the server takes them.")
    var checksums = true

    @Flag(help: "Allow http without TLS to other machines.")
    var allowPlainHTTP = false

    @Option(help: "A PEM file with a certificate authority of your own.")
    var cacert: PathArgument?

    @Option(help: "Where pending uploads and receipts are kept. Default: snug/uploads in the state directory.")
    var stateDirectory: PathArgument?

    var directory: FilePath { StateDirectory.path(stateDirectory, part: "uploads") }

    func makeUploader() throws -> Uploader {
        var configuration = HTTPClientConfiguration()
        configuration.userAgent = "snug/\(Snug.version)"
        configuration.plainHTTP = allowPlainHTTP ? .anywhere : .loopbackOnly
        configuration.additionalCertificates = cacert?.path
        let logger = Logger(label: "snug.upload") { _ in SwiftLogNoOpLogHandler() }
        return Uploader(
            client: try HTTPClient(configuration: configuration, logger: logger),
            store: try FileUploadStore(WorkingFolder.absolute(directory)),
            logger: logger)
    }

    func options(_ onProgress: @escaping @Sendable (UploadProgress) -> Void) -> SnugUpload.UploadOptions {
        var options = SnugUpload.UploadOptions()
        options.chunkSize = chunkSize.bytes
        options.parallelism = parallel
        options.attemptsWithoutProgress = maxAttempts
        if let attemptTimeout { options.attemptTimeout = .seconds(attemptTimeout) }
        options.resumes = resume
        options.checksums = checksums
        // Ctrl-C is for going on later, unless that was ruled out.
        options.discardsWhenCancelled = !resume
        options.onProgress = onProgress
        return options
    }
}

/// What else can be done with uploads.
struct UploadHousekeepingOptions: ParsableArguments {
    @Flag(help: "List uploads that were begun and not finished.")
    var list = false

    @Option(help: "Give a pending upload up, named as --list does, and remove what the server has of it.")
    var forget: [String] = []

    @Option(help: "Look whether what a receipt speaks of is still there and the same.")
    var verify: PathArgument?
}
