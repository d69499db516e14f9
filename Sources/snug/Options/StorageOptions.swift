// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Logging
import SnugHTTP
import SnugPipeline
import SnugSystem

/// The storage that the hosts of a fleet share.
struct StorageOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The storage that the hosts of a fleet share: s3://BUCKET/PREFIX, with ?endpoint=https://HOST and &region=NAME "
                + "where it is not Amazon's, or file:///PATH. Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. "
                + "(default: $SNUG_STORAGE)", valueName: "address"))
    var storage: String?

    @Flag(help: "Allow http without TLS to other machines.")
    var allowPlainHTTP = false

    @Option(help: "A PEM file with a certificate authority of your own.")
    var cacert: PathArgument?

    mutating func validate() throws {
        do throws(StorageError) { _ = try address } catch { throw ValidationError(error.message) }
    }

    /// The address that the option or the environment names.
    var address: StorageAddress? {
        get throws(StorageError) {
            let text = storage ?? Machine.environment("SNUG_STORAGE") ?? ""
            return text.isEmpty ? nil : try StorageAddress(text)
        }
    }

    /// Opens a storage.
    /// - Throws: `StorageError`, `HTTPError`.
    func open(_ address: StorageAddress) async throws -> any ByteStorage {
        var configuration = HTTPClientConfiguration()
        configuration.userAgent = "snug/\(Snug.version)"
        configuration.plainHTTP = allowPlainHTTP ? .anywhere : .loopbackOnly
        configuration.additionalCertificates = cacert?.path
        let logger = Logger(label: "snug.storage") { _ in SwiftLogNoOpLogHandler() }
        let http = try HTTPClient(configuration: configuration, logger: logger)
        return try await BlockingThreads(count: 1).run { try address.open(http: http, logger: logger) }
    }
}
