// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugGeneration
import SnugHTTP
import SnugImage
import SnugLedger
import SnugSystem
import SnugUpload
import SystemPackage

/// The settings of the daemon as a whole.
enum DaemonSettings {
    static let all: [Setting<ServiceConfiguration>] = own + StorageKeySettings.all + WebhookSettings.all

    private static let own: [Setting<ServiceConfiguration>] =
        [
            Setting("state_dir", \.watch.stateDirectory, .path),
            // Shown as the place that it names, for its password is nobody's business.
            Setting("ledger", show: { $0.ledger.map { LedgerLocation.place(of: $0) } }) {
                service, text throws(SettingFault) in service.ledger = try ledgerAddress(text)
            },
            Setting("storage", show: \.storage) { service, text throws(SettingFault) in
                do throws(StorageError) { service.storage = try StorageAddress(text.text).description } catch {
                    throw SettingFault(error.message)
                }
            },
            // An empty name is one, too: it leaves the folders' names as they are.
            Setting("host", show: \.host) { service, text throws(SettingFault) in
                do throws(DaemonError) { try FleetRole.host(text.text).check(folders: []) } catch {
                    throw SettingFault(error.message)
                }
                service.host = text.text
            },
            Setting("memory", \.watch.memory, .size),
            Setting("isolate", \.watch.isolatesFits, .flag),
            Setting("drain_time", \.watch.drainTime, .duration),
            Setting("workers.fits", \.watch.workers.fits, .count),
            Setting("workers.uploads", \.watch.workers.uploads, .count),
            Setting("workers.submissions", \.watch.workers.submissions, .count),
            Setting("workers.deliveries", \.watch.workers.deliveries, .count),
            Setting("retention.delivered", \.watch.retention.delivered, .age),
            Setting("retention.cancelled", \.watch.retention.cancelled, .age),
            Setting("retention.failed", \.watch.retention.failed, .age),
            Setting("log.level", \.log.level, .choice),
            Setting("log.format", \.log.format, .choice),
            Setting("network.allow_plain_http", \.network.allowsPlainHTTP, .flag),
            Setting("network.cacert", \.network.certificates, .path),
        ]

    private static func ledgerAddress(_ text: SettingText) throws(SettingFault) -> String {
        var address = try SettingFormat.text.parse(text)
        if address.hasPrefix("@") {
            let name = SettingText(values: [String(address.dropFirst())], folder: text.folder)
            address = "@\(try SettingFormat.path.parse(name))"
        }
        let location: LedgerLocation
        do throws(LedgerError) { location = try LedgerLocation(address, isPrivate: true) } catch {
            throw SettingFault(error.message)
        }
        if case .file = location {
            throw SettingFault(
                "names no service; write postgres://USER@HOST/DATABASE, or @FILE for a file with such a line. A ledger "
                    + "in the state directory needs no setting")
        }
        return address
    }
}

/// The settings of an account but its provider.
enum AccountSettings {
    static let all: [Setting<Account>] = [
        Setting("base_url", \.baseURL, .text),
        Setting("key_env", show: { $0.key?.variable }) { account, text throws(SettingFault) in
            account.key = .environment(try SettingFormat.text.parse(text))
        },
        Setting("key_file", show: { $0.key?.file }) { account, text throws(SettingFault) in
            account.key = .file(try SettingFormat.path.parse(text))
        },
        Setting("idempotency", \.contract, .choice),
        Setting(
            "rate_limits", isList: true,
            show: { account in
                account.rateLimits.isEmpty ? nil : account.rateLimits.map(\.text).joined(separator: ", ")
            }
        ) { account, text throws(SettingFault) in
            account.rateLimits = []
            for value in text.values {
                guard let limit = RateLimit(value) else {
                    throw SettingFault(
                        "'\(PrintableName.escaped(value))' is no rate; write 60/min, 1/s, 500/hour or 1000/day")
                }
                account.rateLimits.append(limit)
            }
        },
        Setting("max_concurrency", \.maximumConcurrency, .count),
        Setting("timeout", \.timeout, .duration),
        Setting("allow_internal", \.allowsInternalAddresses, .flag),
        Setting("image_host", show: { $0.imageHost.map { $0.baseURL.map { "pollinations=\($0)" } ?? "pollinations" } })
        {
            account, text throws(SettingFault) in
            account.imageHost = Account.ImageHosting(baseURL: try hostAddress(text.text))
        },
        Setting("image_host_key_env", show: { $0.imageHost?.key.variable }) { account, text throws(SettingFault) in
            try setHostKey(.environment(try SettingFormat.text.parse(text)), of: &account)
        },
        Setting("image_host_key_file", show: { $0.imageHost?.key.file }) { account, text throws(SettingFault) in
            try setHostKey(.file(try SettingFormat.path.parse(text)), of: &account)
        },
    ]

    private static func hostAddress(_ text: String) throws(SettingFault) -> String? {
        if text == "pollinations" { return nil }
        guard text.hasPrefix("pollinations=") else {
            throw SettingFault(
                "'\(PrintableName.escaped(text))' is no image host; write pollinations or pollinations=URL. For a bucket, set "
                    + "upload.to of the folder instead: the provider gets the addresses of what was uploaded")
        }
        return String(text.dropFirst("pollinations=".count))
    }

    private static func setHostKey(_ key: SecretReference, of account: inout Account) throws(SettingFault) {
        guard account.imageHost != nil else {
            throw SettingFault("has no host to belong to; set image_host", base: "image_host")
        }
        account.imageHost?.key = key
    }
}

/// The settings of a folder but its inbox and outbox.
enum FolderSettings {
    static let all: [Setting<WatchFolder>] = own + FitSettings.all + UploadStageSettings.all + GenerateSettings.all

    private static let own: [Setting<WatchFolder>] = [
        Setting("pipeline", isList: true, show: { $0.pipeline.description }) { folder, text throws(SettingFault) in
            let names = text.values.joined(separator: ",")
            guard let pipeline = Pipeline(names) else {
                throw SettingFault(
                    "'\(PrintableName.escaped(names))' is no pipeline; list some of fit, upload and generate, in this "
                        + "order")
            }
            folder.pipeline = pipeline
        },
        Setting("source", \.source, .choice),
        Setting("done", \.doneFolder, .path),
        Setting("failed", \.failedFolder, .path),
        Setting("settle", \.settleTime, .duration),
        Setting("patience", \.patience, .duration),
        Setting("scan_interval", \.scanInterval, .duration),
        Setting("poll_interval", \.pollInterval, .duration),
        Setting("polling", \.prefersPolling, .flag),
        Setting("recursive", \.isRecursive, .flag),
        Setting("priority", show: { $0.priority.name }) { folder, text throws(SettingFault) in
            let all = JobPriority.allCases
            guard let priority = all.first(where: { $0.name == text.text }) else {
                throw SettingFault.unknown(text.text, among: all.map(\.name))
            }
            folder.priority = priority
        },
        Setting("max_attempts", \.maximumAttempts, .count),
    ]
}

extension SecretReference {
    var variable: String? { if case .environment(let name) = self { name } else { nil } }
    var file: String? { if case .file(let path) = self { path.string } else { nil } }
}

extension RateLimit {
    /// The text that reads as the limit.
    var text: String {
        let units = [(86_400, "day"), (3600, "hour"), (60, "min"), (1, "s")]
        let seconds = Int(period.components.seconds)
        return "\(count)/\(units.first { $0.0 == seconds }?.1 ?? "\(seconds)s")"
    }
}
