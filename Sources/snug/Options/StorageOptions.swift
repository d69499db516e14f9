// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Logging
import SnugHTTP
import SnugPipeline
import SnugSystem

/// The storage that the hosts of a fleet share.
struct StorageOptions: ParsableArguments {
    @OptionGroup var place: StoragePlaceOption

    @Option(
        help: ArgumentHelp(
            "A file with the identifier of the storage's key. (default: $AWS_ACCESS_KEY_ID)", valueName: "file"))
    var storageKeyIdFile: PathArgument?

    @Option(
        help: ArgumentHelp("A file with the storage's secret key. (default: $AWS_SECRET_ACCESS_KEY)", valueName: "file")
    )
    var storageKeyFile: PathArgument?

    @Option(
        help: ArgumentHelp(
            "A file with the session token of temporary keys. (default: $AWS_SESSION_TOKEN, where it is set)",
            valueName: "file"))
    var storageTokenFile: PathArgument?

    @Flag(help: "Allow http without TLS to other machines.")
    var allowPlainHTTP = false

    @Option(help: ArgumentHelp("A PEM file with a certificate authority of your own.", valueName: "file"))
    var cacert: PathArgument?

    mutating func validate() throws {
        do throws(StorageError) { _ = try address } catch { throw ValidationError(error.message) }
    }

    /// The address that the option or the environment names.
    var address: StorageAddress? {
        get throws(StorageError) {
            let text = place.storage ?? Machine.environment("SNUG_STORAGE") ?? ""
            return text.isEmpty ? nil : try StorageAddress(text)
        }
    }

    /// The places of a bucket's keys.
    private var keys: StorageKeys {
        var keys = StorageKeys()
        if let file = storageKeyIdFile { keys.accessKeyID = .file(file.path) }
        if let file = storageKeyFile { keys.secretKey = .file(file.path) }
        if let file = storageTokenFile { keys.sessionToken = .file(file.path) }
        return keys
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
        let keys = keys
        return try await BlockingThreads(count: 1).run { try address.open(keys: keys, http: http, logger: logger) }
    }
}
