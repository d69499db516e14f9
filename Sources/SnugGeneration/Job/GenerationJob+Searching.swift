// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem

extension GenerationJob {
    /// Starts the search for a job whose response was lost. It is repeated: listings lag behind.
    mutating func search(_ failure: ProviderFailure) -> Transition {
        var next = search(Search(failure: failure, waits: settings.searches[...]))
        next.effects.insert(.notify(.reconciling), at: 0)
        return next
    }

    mutating func search(_ search: Search) -> Transition {
        var search = search
        guard let wait = search.waits.popFirst() else { return searchEnded(search) }
        if let remaining = conditions.remaining, wait >= remaining {
            return end(Ending(failure: search.failure, reason: .waitTooLong, isOpen: true))
        }
        return Transition([.sleep(wait)], .search(search))
    }

    mutating func searched(_ result: SearchResult, _ search: Search) -> Transition {
        var search = search
        switch result {
        case .found(let id, isAmbiguous: true):
            // Whose job it is shows when the other submission has its own.
            search.trouble = "job \(id) could belong to it or to another submission with the same prompt"
        case .found(let id, isAmbiguous: false), .listed(.found(let id)):
            return Transition(.claim(id, .found(id, search)))
        case .listed(.ambiguous(let ids)):
            return hold(
                search.failure.adding("any of the jobs \(ids.joined(separator: ", ")) could be it"))
        case .listed(.notFound): search.hasListing = true
        case .listed(.unreadable): search.trouble = "the listing cannot be read"
        case .failed(let message): search.trouble = message
        }
        return self.search(search)
    }

    private mutating func searchEnded(_ search: Search) -> Transition {
        guard search.hasListing else {
            let failure = search.failure.adding("the search for it failed: \(search.trouble ?? "")")
            return end(Ending(failure: failure, reason: .refused, isOpen: true))
        }
        guard record.balanceBefore != nil else { return searchEnded(search, nil) }
        return Transition(.readBalance(search))
    }

    mutating func searchEnded(
        _ search: Search, _ balance: AccountBalance?
    ) -> Transition {
        var note = "it is not among the account's generations"
        if let balance, let before = record.balanceBefore {
            note +=
                "; the account had \(Advice.plain(before)) \(balance.unit) before and has "
                + "\(Advice.plain(balance.amount)) now"
        }
        return follow(submissions.searchFailed(search.failure.adding(note), conditions))
    }
}

extension ProviderFailure {
    fileprivate func adding(_ more: String) -> ProviderFailure {
        var failure = self
        failure.message += "; \(more)"
        return failure
    }
}
