// SPDX-License-Identifier: Apache-2.0
import Glibc
import Logging
import SnugGeneration
import SnugHTTP
import SnugImage
import SnugLedger
import SnugPipeline
import SnugSystem
import SnugUpload
import Synchronization
import SystemPackage

/// A daemon that tests kill. Usage: snug-daemon-worker FOLDER [KEY=VALUE]...
///
/// It watches `FOLDER/inbox/NAME` for each of its folders, with results in `FOLDER/outbox/NAME` and its state in
/// `FOLDER/state`. Keys: `upload`, `pollinations` and `openai` are addresses, and each adds a folder of that name; `die` is
/// POINT:NUMBER, where it ends itself with SIGKILL; `crashes` is the number of those that a job may cause; `poison` is the
/// number of bytes of an image that ends the engine's process; `once=1` ends when nothing is left to do; `ledger` is the
/// address of a service that keeps it.
@main struct DaemonWorker {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count > 1 else { exit(64) }
        let folder = FilePath(arguments[1])
        let values = arguments.dropFirst(2).reduce(into: [String: String]()) { values, argument in
            let parts = argument.split(separator: "=", maxSplits: 1)
            values[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        let state = folder.appending("state")
        // Killed far more often than any input would be, unless a test is about that.
        let crashes = values["crashes"].flatMap { Int($0) } ?? 1_000_000
        var settings = LedgerConfiguration(policy: LedgerPolicy(maximumCrashes: crashes))
        // One that is killed never connects again, and its jobs are taken back by the first look of the next.
        settings.lostConnectionGrace = .zero
        let place = values["ledger"] ?? state.appending("ledger.sqlite").string
        let ledger = try await LedgerLocation(place, isPrivate: true).open(settings)
        let configuration = try configuration(folder, state, values)
        let fitter = ImageFitter(configuration: ImageFitter.Configuration(threads: 2))
        let killSwitch = KillSwitch(values["die"])
        let poison = values["poison"].flatMap { Int($0) }
        let quiet = Logger(label: "worker") { _ in SwiftLogNoOpLogHandler() }
        var client = HTTPClientConfiguration()
        client.proxy = .none
        let daemon = try Daemon(
            configuration, ledger: ledger, generationStores: .ledger(ledger),
            uploadStore: LedgerUploadStore(ledger), http: try HTTPClient(configuration: client, logger: quiet),
            logger: quiet,
            fit: { source, limits, policy in
                if source.byteCount == poison { kill(getpid(), SIGKILL) }
                return try await fitter.fit(source, limits: limits, policy: policy)
            }, passed: killSwitch.passed, onEvent: { _ in })
        if values["once"] != nil { try await daemon.runOnce() } else { try await daemon.run() }
        try await ledger.close()
    }

    private static func configuration(
        _ folder: FilePath, _ state: FilePath, _ values: [String: String]
    ) throws -> WatchConfiguration {
        func watched(_ name: String, _ pipeline: Pipeline) -> WatchFolder {
            var watched = WatchFolder(
                inbox: folder.appending("inbox").appending(name), outbox: folder.appending("outbox").appending(name),
                name: name, pipeline: pipeline)
            watched.doneFolder = folder.appending("done").appending(name)
            watched.failedFolder = folder.appending("failed").appending(name)
            watched.settleTime = .milliseconds(30)
            watched.pollInterval = .milliseconds(100)
            watched.limits = Limits(byteLimit: 4000)
            return watched
        }
        var configuration = WatchConfiguration(stateDirectory: state, folders: [watched("fit", .fit)])
        configuration.workers.fits = 2
        if let url = values["upload"] {
            var upload = watched("upload", Pipeline([.fit, .upload]) ?? .fit)
            upload.upload = UploadSettings(url: try HTTPURL(url), uploadProtocol: .put)
            configuration.folders.append(upload)
        }
        for provider in [Account.ProviderName.pollinations, .openai] {
            guard let url = values[provider.rawValue] else { continue }
            var account = Account(name: provider.rawValue, provider: provider)
            account.baseURL = url
            account.key = .environment(provider == .openai ? "SNUG_TEST_KEY_OPENAI" : "SNUG_TEST_KEY")
            configuration.accounts.append(account)
            var generating = watched(provider.rawValue, Pipeline([.fit, .generate]) ?? .fit)
            generating.generation = GenerationSettings(account: account.name, prompt: "a lighthouse")
            configuration.folders.append(generating)
        }
        return configuration
    }
}

/// The end of the process at a point of the daemon.
final class KillSwitch: Sendable {
    private let point: DaemonPoint?
    private let rest: Mutex<Int>

    init(_ text: String?) {
        let parts = (text ?? "").split(separator: ":")
        point = parts.first.flatMap { DaemonPoint(rawValue: String($0)) }
        rest = Mutex(parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
    }

    func passed(_ point: DaemonPoint) {
        guard point == self.point else { return }
        let isNow = rest.withLock { rest in
            rest -= 1
            return rest == 0
        }
        if isNow { kill(getpid(), SIGKILL) }
    }
}
