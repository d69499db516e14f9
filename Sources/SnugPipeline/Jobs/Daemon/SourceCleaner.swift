// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugLedger
import SnugSystem
import SystemPackage

/// Puts the sources of jobs that are over where they belong. Everything bears being repeated after a crash.
struct SourceCleaner: Sendable {
    let services: StageServices
    let setup: DaemonSetup
    let board: JobBoard

    /// Puts away the sources of names that were delivered.
    func finish(_ names: [JobDelivery], of job: Job) async {
        let (setup, id) = (setup, job.id)
        await services.threads.runUncancelled {
            for name in names {
                guard let source = JobTask.source(of: name, job: id, setup) else { continue }
                do throws(WatchError) {
                    try source.context.disposal(in: source.work).finish(source.file)
                    if let report = source.report { FileSystem.removeIfThere(report) }
                } catch {
                    // It stays in the work folder until the next look at that.
                    services.logger.warning("source cannot be put away", metadata: ["reason": "\(error)"])
                }
            }
        }
    }

    /// Puts the sources of a failed job into the folder for those, with a report.
    /// - Returns: The first report.
    @discardableResult
    func fail(_ job: Job, _ reason: JobReason) async -> FilePath? {
        var first: FilePath?
        let names = (try? await services.ledger.deliveries(of: job.id)) ?? []
        for name in names where name.deliveredAt == nil {
            let report = await fail(name, of: job, reason)
            first = first ?? report
        }
        return first
    }

    func fail(_ name: JobDelivery, of job: Job, _ reason: JobReason) async -> FilePath? {
        guard let source = await source(of: name, job) else { return nil }
        let details = reason.details.flatMap { JSONValue(parsing: Array($0.utf8)) } ?? [:]
        let error: JSONValue = .members([
            ("error", .text(reason.code)), ("message", .text(reason.message)), ("details", details),
            ("job", .text(job.id.description)),
        ])
        return await services.threads.runUncancelled {
            do throws(WatchError) {
                return try source.context.disposal(in: source.work).fail(source.file, because: error)
            } catch {
                services.logger.warning("failed source cannot be put away", metadata: ["reason": "\(error)"])
                return nil
            }
        }
    }

    private func source(of name: JobDelivery, _ job: Job) async -> JobTask.Source? {
        let (setup, id) = (setup, job.id)
        return await services.threads.runUncancelled { JobTask.source(of: name, job: id, setup) }
    }
}
