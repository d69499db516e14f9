// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Logging
import SnugGeneration
import SnugHTTP
import SnugPipeline
import SnugSystem
import SystemPackage

/// The providers by their names on the command line.
enum ProviderName: String, ExpressibleByArgument, CaseIterable, Sendable {
    case pollinations, elumenta, openai
}

/// The treatment of a repeated Idempotency-Key by a vendor with OpenAI's API.
enum IdempotencyPromise: String, ExpressibleByArgument, CaseIterable, Sendable {
    case none, replay
    case rejectDuplicate = "reject-duplicate"

    var contract: RepeatContract {
        switch self {
        case .none: .none
        case .replay: .replay
        case .rejectDuplicate: .rejectDuplicate
        }
    }
}

/// The provider and the key: options that `generate`, `models` and `balance` share.
struct ProviderOptions: ParsableArguments {
    @Option(help: "pollinations, elumenta, or openai (also for others with its API).")
    var provider: ProviderName?

    @Option(
        name: .customLong("base-url"),
        help: ArgumentHelp("The address of the API. (default: the provider's own)", valueName: "url"))
    var baseURL: String?

    @Option(help: ArgumentHelp("A file with the key, instead of the variable.", valueName: "file"))
    var keyFile: PathArgument?

    @Option(help: ArgumentHelp("elumenta: a file with the tokens of a session, kept up to date.", valueName: "file"))
    var sessionFile: PathArgument?

    @Option(
        help: ArgumentHelp(
            "openai: the vendor's treatment of a repeated Idempotency-Key: none, replay, or reject-duplicate. "
                + "(default: none)", valueName: "promise"))
    var idempotency: IdempotencyPromise?

    @Flag(help: "Allow http without TLS to other machines.")
    var allowPlainHTTP = false

    @Option(help: ArgumentHelp("A PEM file with a certificate authority of your own.", valueName: "file"))
    var cacert: PathArgument?

    mutating func validate() throws {
        if keyFile != nil, sessionFile != nil {
            throw ValidationError("--key-file and --session-file exclude each other")
        }
        if provider != nil { _ = try makeProvider() }
    }

    /// The provider that is named.
    func makeProvider() throws -> Provider {
        guard let provider else {
            let names = ProviderName.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("no provider is given: pass --provider \(names)")
        }
        if idempotency != nil, provider != .openai {
            throw ValidationError("--idempotency is for --provider openai")
        }
        return try Self.make(provider, baseURL, idempotency)
    }

    /// The provider that a record is about.
    func makeProvider(of record: GenerationRecord) throws -> Provider {
        guard let name = ProviderName(rawValue: record.provider) else {
            throw ValidationError("\(record.id) is of an unknown provider: \(record.provider)")
        }
        return try Self.make(name, record.baseURL, name == .openai ? idempotency : nil)
    }

    private static func make(
        _ name: ProviderName, _ base: String?, _ idempotency: IdempotencyPromise?
    ) throws -> Provider {
        let contract = idempotency?.contract ?? .none
        func named(_ variable: String) -> String? {
            Machine.environment(variable).flatMap { $0.isEmpty ? nil : $0 }
        }
        let (organization, project) = (named("OPENAI_ORG_ID"), named("OPENAI_PROJECT_ID"))
        do throws(GenerationError) {
            switch (name, base) {
            case (.pollinations, let base?): return try .pollinations(baseURL: base)
            case (.pollinations, nil): return try .pollinations()
            case (.elumenta, let base?): return try .elumenta(baseURL: base)
            case (.elumenta, nil): return try .elumenta()
            case (.openai, let base?):
                return try .openAI(baseURL: base, contract: contract, organization: organization, project: project)
            case (.openai, nil): return try .openAI(contract: contract, organization: organization, project: project)
            }
        } catch {
            throw ValidationError(error.message)
        }
    }

    /// The key by the options or the environment.
    func credentials(for provider: Provider) throws -> GenerationCredentials {
        if let sessionFile { return .session(FileSession(try WorkingFolder.absolute(sessionFile.path))) }
        if let key = try keyFile.map({ try Self.key(in: $0.path) }) ?? Self.key(provider.keyVariable) {
            return .key(key)
        }
        // A server on this machine may need no key.
        if provider.baseURL.isLoopback { return .none }
        throw ValidationError(
            "there is no key for \(provider.name): set \(provider.keyVariable) or pass --key-file FILE")
    }

    /// A key of the environment; `nil` when it is not set or empty.
    static func key(_ variable: String) -> Secret? {
        let key = Machine.environment(variable).map { Secret($0.trimmingSpace()) }
        return key.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func key(in file: FilePath) throws -> Secret {
        let text = try TextFile.read(file, maximumBytes: 64 * 1024)
        guard let line = text.split(whereSeparator: \.isNewline).first.map({ String($0).trimmingSpace() }),
            !line.isEmpty
        else { throw ValidationError("\(PrintableName.of(file)) has no key in its first line") }
        return Secret(line)
    }

    func makeHTTPClient(_ logger: Logger) throws -> HTTPClient {
        var configuration = HTTPClientConfiguration()
        configuration.userAgent = "snug/\(Snug.version)"
        configuration.plainHTTP = allowPlainHTTP ? .anywhere : .loopbackOnly
        configuration.additionalCertificates = cacert?.path
        return try HTTPClient(configuration: configuration, logger: logger)
    }
}

extension String {
    /// Without white space at both ends.
    func trimmingSpace() -> String {
        let start = drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
