// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

extension Operation {
    /// Pages of a listing that are looked through for one job.
    private static let mostPages = 10

    /// Looks for a job whose answer was lost, a few times: it may be listed only after a while.
    func search(_ refusal: ProviderFailure) async throws -> Phase {
        emit(.reconciling)
        var hasSeen = false
        var trouble: String?
        for wait in parts.options.searches {
            if let remaining, wait >= remaining {
                return try await phase(after: .leaveOpen(refusal, .waitTooLong))
            }
            try await parts.environment.sleep(wait)
            let finding: HistoryFinding
            do {
                finding = try await look()
            } catch let error as GenerationError {
                trouble = error.message
                continue
            }
            switch finding {
            case .found(let id):
                // Two that wait for their answers look the same: whose it is shows when the other has its own.
                if try await hasTwin() {
                    trouble = "it could be job \(id), or that is the one of another submission with the same prompt"
                    continue
                }
                guard await parts.claims.take(id, for: record.key, now: parts.now) else { continue }
                recovered()
                return try await phase(after: .poll(id: id, JobResult(id: id)))
            case .ambiguous(let ids):
                return try await phase(
                    after: .hold(refusal.adding("any of the jobs \(ids.joined(separator: ", ")) could be it")))
            case .notFound: hasSeen = true
            case .unreadable: trouble = "the listing cannot be read"
            }
        }
        guard hasSeen else {
            return try await phase(
                after: .leaveOpen(refusal.adding("and could not be looked for: \(trouble ?? "")"), .refused))
        }
        let looked = refusal.adding("it is not among the account's generations" + (await balanceNote()))
        return try await phase(after: machine.searched(looked, means()))
    }

    /// Whether another process waits for the answer to one that looks the same. One that waits no more does not matter: of
    /// two that are lost, either may have what is found.
    private func hasTwin() async throws -> Bool {
        for other in try await parts.journal.records() {
            guard other.key != record.key, other.state == .sending, other.account == record.account,
                other.request.prompt == record.request.prompt, other.model == record.model
            else { continue }
            guard try await parts.journal.claim(other.id) else { return true }
            await parts.journal.release(other.id)
        }
        return false
    }

    /// One look through the listing.
    private func look() async throws -> HistoryFinding {
        var known = await parts.claims.others(than: record.key, now: parts.now)
        for other in try await parts.journal.records() where other.key != record.key {
            if let id = other.jobID { known.insert(id) }
        }
        for page in 1...Self.mostPages {
            guard let request = try parts.dialect.history(of: job, page: page) else { return .unreadable }
            let answer = try await parts.ask(request, deadline: deadline)
            let finding = parts.dialect.findLost(job, in: answer, known: known)
            guard case .notFound(hasMore: true) = finding else { return finding }
        }
        // So much is listed that not finding it says nothing.
        return .unreadable
    }

    /// What the balance says, for the person who decides.
    private func balanceNote() async -> String {
        guard let before = record.balanceBefore, let after = try? await parts.balance(patience: .seconds(10)) else {
            return ""
        }
        return
            "; the account had \(Advice.plain(before)) \(after.unit) before and has \(Advice.plain(after.amount)) now"
    }
}

extension ProviderFailure {
    /// The same with more to its message.
    fileprivate func adding(_ more: String) -> ProviderFailure {
        var refusal = self
        refusal.message += "; \(more)"
        return refusal
    }
}
