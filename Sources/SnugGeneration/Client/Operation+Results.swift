// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SystemPackage

/// What is paid for outlives this process until it is in its place.
extension Operation {
    /// Notes a result before it goes to its place. What cannot be noted goes there all the same: it is paid for.
    func completed(_ result: JobResult) async {
        if let cost = result.cost {
            if record.cost == nil { parts.standing.spent(cost) }
            record.cost = cost
        }
        record.jobID = result.id ?? record.jobID
        parts.http.budgets.succeed(parts.origin, paid: paid)
        paid = nil
        hasLooseResult = true
        do {
            record.resultURLs = try await addresses(of: result)
            // Nothing would be gained by remembering a file that is gone with this process.
            guard !record.resultURLs.isEmpty else { return }
            record.state = .completed
            try await save()
            hasLooseResult = false
        } catch {
            log("a result could not be noted before it goes to its place", error)
        }
    }

    private static let fileMark = "file:"

    /// Where the images are. Those that came within an answer are made to outlive this process until they are in their
    /// place, for there may be no asking for them again; none at all when the journal does not outlive it either.
    private func addresses(of result: JobResult) async throws -> [String] {
        let isSpooled = result.images.contains { if case .spooled = $0 { true } else { false } }
        guard parts.journal.isDurable || !isSpooled else { return [] }
        let key = record.key
        return try await parts.threads.run {
            try result.images.enumerated().map { index, image in
                switch image {
                case .url(let address, _): address
                case .spooled(let spooled, _): try Self.fileMark + spooled.keep(as: "\(key)-\(index)").string
                }
            }
        }
    }

    /// What an earlier process had the results of; `nil` when a file of them is gone.
    func keptResult() -> JobResult? {
        var images: [ImageReference] = []
        for address in record.resultURLs {
            guard address.hasPrefix(Self.fileMark) else {
                images.append(.url(address, revisedPrompt: nil))
                continue
            }
            let path = FilePath(String(address.dropFirst(Self.fileMark.count)))
            guard let spooled = try? SpooledImage(kept: path) else { return nil }
            images.append(.spooled(spooled, revisedPrompt: nil))
        }
        return JobResult(images: images, id: record.jobID, model: record.model, cost: record.cost)
    }

    /// Images of this submission that are kept without a record that says so: a kill came between the two.
    func keptImages() -> [ImageReference] {
        var found: [ImageReference] = []
        let folder = parts.options.spool
        while let spooled = try? SpooledImage(kept: folder.appending("\(record.key)-\(found.count)")) {
            found.append(.spooled(spooled, revisedPrompt: nil))
        }
        return found
    }

    /// The images were here and are gone: asked for again where that costs nothing.
    func missing() async throws -> Phase {
        let refusal = ProviderFailure(
            code: .outcomeUnknown, message: "the image was made, and is not any more where it was kept until now")
        guard parts.traits.contract.givesAgain else { return try await phase(after: .hold(refusal)) }
        record.resultURLs = []
        return try await phase(after: machine.interrupted(refusal))
    }
}
