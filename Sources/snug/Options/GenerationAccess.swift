// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Logging
import SnugGeneration
import SnugHTTP
import SnugPipeline
import SnugSystem
import SnugUpload

/// An account of a provider, ready for use.
struct GenerationAccess: Sendable {
    let provider: Provider
    let client: GenerationClient
    /// Oddities of the account, for a person.
    let warnings: [String]

    /// The dependencies of a client beside the account.
    struct Dependencies {
        /// Those of the options, where they were read already: a pipe can be read once.
        var credentials: GenerationCredentials?
        var settings = GenerationOptions()
        var stores = GenerationStores()
        var host: ImageHostArgument?
        /// Images fitted and checked at once.
        var jobs = 1
        var temporaries = TemporaryFiles()
    }

    init(_ provider: Provider, _ options: ProviderOptions, _ dependencies: Dependencies = Dependencies()) throws {
        let credentials = try dependencies.credentials ?? options.credentials(for: provider)
        let logger = Logger(label: "snug.generate") { _ in SwiftLogNoOpLogHandler() }
        let http = try options.makeHTTPClient(logger)
        self.provider = provider
        client = GenerationClient(
            provider: provider, credentials: credentials, http: http, options: dependencies.settings,
            stores: dependencies.stores,
            images: GenerationImageFitter(for: provider, maximumConcurrency: dependencies.jobs),
            host: try dependencies.host?.make(http, dependencies.temporaries, logger), logger: logger)
        if case .key(let key) = credentials, let warning = provider.keyWarning(key) {
            warnings = [warning]
        } else {
            warnings = []
        }
    }
}

extension ImageHostArgument {
    /// The notice before an image is put there; `nil` where only its owner can see it.
    var notice: String? {
        switch self {
        case .pollinations(let base):
            "images are put on \(base ?? "https://media.pollinations.ai") for 30 days; anybody who knows their address "
                + "can see them"
        case .s3: nil
        }
    }

    fileprivate func make(
        _ http: HTTPClient, _ temporaries: TemporaryFiles, _ logger: Logger
    ) throws -> any ImageHost {
        switch self {
        case .pollinations(let base):
            guard let key = ProviderOptions.key("POLLINATIONS_API_KEY") else {
                throw ValidationError("--host pollinations needs a key of Pollinations: set POLLINATIONS_API_KEY")
            }
            guard let base else { return try PollinationsMediaHost(client: http, key: key) }
            return try PollinationsMediaHost(client: http, key: key, baseURL: base)
        case .s3(let address):
            let settings = try S3Environment.settings()
            return try S3ImageHost(
                folder: HTTPURL(try S3Environment.address(address, region: settings.region)), settings: settings,
                uploader: Uploader(client: http, store: nil, logger: logger), temporaries: temporaries)
        }
    }
}
