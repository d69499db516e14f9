// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugLedger
import SnugSystem
import SystemPackage

/// Images that are paid for, and on the disk of another host.
extension JobTask {
    /// The time for which a host that has paid images may be away before its jobs are told to a person.
    private static let patience = Duration.seconds(3600)
    /// The time from the submission, where nobody noted which host has the images.
    private static let longPatience = Duration.seconds(86_400)

    /// Leaves a generation to the host that has its images, where they are not stored yet: making them again costs money.
    ///
    /// When that host has been away for long, a provider that knows the job is asked for the images again, which is free. For
    /// the others a person decides.
    /// - Returns: The records, some of them to be asked about again.
    func checkImagesAreHere(
        _ records: [GenerationRecord], _ client: GenerationClient
    ) async throws -> [GenerationRecord] {
        var records = records
        for (index, record) in records.enumerated() {
            // A person has decided to pay for others.
            if record.state == .held, job.step == .submit { continue }
            if try await hasFiles(of: record) {
                guard record.isHeldForItsFiles else { continue }
                records[index] = record.found
                try await services.generationStores.journal.save(records[index])
                continue
            }
            let absence = try await ImagesElsewhere(
                record, services, patience: (Self.patience, Self.longPatience))
            guard absence.isLong else {
                throw StepFault(.environmental, "images_elsewhere", absence.words, delay: .seconds(10))
            }
            guard record.state != .held else { throw absence.fault }
            records[index] = record.recalled(fromProvider: client.givesJobsAgain, note: absence.words)
            try await services.generationStores.journal.save(records[index])
            guard records[index].state != .held else { throw absence.fault }
        }
        return records
    }

    /// The held records of a submission that is to be paid again, with the places of this claim: those of earlier ones are gone,
    /// or on other hosts.
    func moved(_ held: [GenerationRecord], to work: GenerationWork) async throws -> [GenerationRecord] {
        guard services.storage != nil, job.step == .submit else { return held }
        var moved = held
        for index in moved.indices {
            moved[index].request.images = work.request.images
            moved[index].destination.folder = work.destination.folder
            try await services.generationStores.journal.save(moved[index])
        }
        return moved
    }

    /// True where all images of a record that were received are on this machine.
    private func hasFiles(of record: GenerationRecord) async throws -> Bool {
        let paths = record.receivedFiles
        return try await services.threads.run { paths.allSatisfy { FileSystem.isFile($0) } }
    }
}

/// The host that has the images of a generation, and how long it has been away.
private struct ImagesElsewhere {
    let words: String
    /// True when it is not to be waited for any longer.
    let isLong: Bool

    init(
        _ record: GenerationRecord, _ services: StageServices, patience: (known: Duration, unknown: Duration)
    ) async throws {
        let hosts = try await FleetHosts(from: services.ledger)
        let paid = "the images are paid for, and were received and not stored by"
        guard record.holder == nil || record.holder != services.holder.value else {
            isLong = true
            words = "\(paid) this host, where their files are gone; put them back"
            return
        }
        guard let id = record.holder else {
            isLong = LedgerInstant(milliseconds: record.createdAt * 1000) + patience.unknown < hosts.now
            words = "\(paid) a host that ended; start it again"
            return
        }
        guard let host = hosts.host(id) else {
            isLong = true
            words =
                "\(paid) \(PrintableName.escaped(id)), which has not been seen for more than 30 days; start it again"
            return
        }
        isLong = !host.isAlive && host.seenAt + patience.known < hosts.now
        words =
            host.isAlive
            ? "\(paid) \(host.words), which runs and goes on with it"
            : "\(paid) \(host.words), not seen since \(host.seenAt.timestamp); start it again"
    }

    var fault: StepFault {
        StepFault(
            .unknown, "images_lost",
            "\(words) and retry the job. If it is lost for good, pay again or drop the job with snug jobs resolve")
    }
}

extension GenerationRecord {
    /// The files of images that came and are not stored yet.
    fileprivate var receivedFiles: [FilePath] {
        (images ?? []).map(\.path)
            + resultURLs.filter { $0.hasPrefix("file:") }.map { FilePath(String($0.dropFirst(5))) }
    }

    /// True for a generation that is held because its images were on a host that was away.
    fileprivate var isHeldForItsFiles: Bool { state == .held && holder != nil && !receivedFiles.isEmpty }

    /// The record of a generation whose files are lost: its job is asked about again, or a person decides.
    fileprivate func recalled(fromProvider givesJobsAgain: Bool, note: String) -> GenerationRecord {
        var record = self
        if givesJobsAgain, jobID != nil {
            record.state = .accepted
            record.resultURLs = []
            record.images = nil
        } else {
            // Should the host come back, its files are found again.
            record.state = .held
            record.note = note
        }
        return record
    }

    /// The record of a generation whose files are here again.
    fileprivate var found: GenerationRecord {
        var record = self
        record.state = images?.isEmpty == false ? .delivered : .completed
        record.note = nil
        return record
    }
}
