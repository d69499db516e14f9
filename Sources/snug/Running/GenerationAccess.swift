// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Logging
import SnugGeneration
import SnugHTTP
import SnugUpload
import SystemPackage

/// An account of a provider, ready to be used.
struct GenerationAccess: Sendable {
    let provider: Provider
    let client: GenerationClient
    /// What is odd about it, for a person.
    let warnings: [String]

    /// What a client is made with beside the account.
    struct Equipment {
        var settings = GenerationOptions()
        var journal: any GenerationJournal = InMemoryJournal()
        var host: ImageHostArgument?
        /// Images fitted and checked at once.
        var jobs = 1
        var temporaries = TemporaryFiles()
    }

    init(_ provider: Provider, _ options: ProviderOptions, _ equipment: Equipment = Equipment()) throws {
        let credentials = try options.credentials(for: provider)
        let logger = Logger(label: "snug.generate") { _ in SwiftLogNoOpLogHandler() }
        let http = try options.makeHTTPClient(logger)
        let fitting = try ImageFitting(for: provider, jobs: equipment.jobs)
        self.provider = provider
        client = try GenerationClient(
            provider: provider, credentials: credentials, http: http, options: equipment.settings,
            journal: equipment.journal, refitter: { try await fitting.fit($0, $1) },
            host: try equipment.host?.make(http, equipment.temporaries, logger),
            checker: { try await fitting.check($0) }, logger: logger)
        if case .key(let key) = credentials, let warning = provider.keyWarning(key) {
            warnings = [warning]
        } else {
            warnings = []
        }
    }
}

extension ImageHostArgument {
    /// What to say before an image is put there; `nil` when its owner keeps it to himself.
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
            return try S3ImageHost(
                address, uploader: Uploader(client: http, store: nil, logger: logger), temporaries: temporaries)
        }
    }
}
