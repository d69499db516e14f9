// SPDX-License-Identifier: Apache-2.0

/// Work that takes several submissions.
extension GenerationClient {
    /// The share of a request that one submission covers.
    struct SubRequest: Sendable {
        var request: GenerationRequest
        var name: String?
        /// The number of its first image; `nil` for a single one.
        var firstNumber: Int?
    }

    /// One request for each submission. A seed counts up: with one seed all submissions would give the same image.
    func split(_ request: GenerationRequest, name: String?) -> [SubRequest] {
        let maximum = max(1, context.traits.maximumCount)
        return stride(from: 0, to: request.count, by: maximum).map { start in
            var part = request
            part.count = min(maximum, request.count - start)
            part.seed = request.seed.map { $0 &+ start / maximum }
            let name = name.map { "\($0)#\(start / maximum + 1)" }
            return SubRequest(request: part, name: name, firstNumber: start + 1)
        }
    }

    /// The names of the records of work under a name: one for each submission.
    public func names(of request: GenerationRequest, under name: String) -> [String] {
        let parts = split(request, name: name)
        return parts.count > 1 ? parts.compactMap(\.name) : [name]
    }

    /// Submissions of one batch that run at the same time; beyond that the rate limiter decides.
    private static let maximumConcurrency = 4

    func generateBatch(_ parts: [SubRequest], _ call: Call) async throws -> Generation {
        let begin = ContinuousClock.now
        var call = call
        // Kept until the whole batch is done, so that no part is generated again for the sake of the others.
        call.isKept = parts.first?.name != nil
        var results: [Int: Result<Generation, any Error>] = [:]
        // In a listing the parts look the same: lost ones have to be found before there are more of them.
        for index in try await lostParts(parts) { results[index] = await result(of: parts[index], call) }
        let rest = parts.indices.filter { results[$0] == nil }
        await withTaskGroup(of: (Int, Result<Generation, any Error>).self) { [call] group in
            for (started, index) in rest.enumerated() {
                if started >= Self.maximumConcurrency, let (done, result) = await group.next() {
                    results[done] = result
                }
                let part = parts[index]
                group.addTask { [self] in (index, await result(of: part, call)) }
            }
            for await (done, result) in group { results[done] = result }
        }
        let sorted = results.sorted { $0.key < $1.key }.map(\.value)
        return try Self.joined(sorted, duration: ContinuousClock.now - begin)
    }

    private func result(of part: SubRequest, _ call: Call) async -> Result<Generation, any Error> {
        do {
            return .success(try await generateOne(part, call))
        } catch {
            return .failure(error)
        }
    }

    /// The parts whose submission an earlier process did not see the end of, the oldest first.
    private func lostParts(_ parts: [SubRequest]) async throws -> [Int] {
        var lost: [(index: Int, since: Int)] = []
        for (index, part) in parts.enumerated() {
            guard let name = part.name, let record = try await context.journal.record(name), record.state == .sending
            else { continue }
            lost.append((index, record.submittedAt ?? 0))
        }
        return lost.sorted { ($0.since, $0.index) < ($1.since, $1.index) }.map(\.index)
    }

    private static func joined(_ results: [Result<Generation, any Error>], duration: Duration) throws -> Generation {
        var all = Generation(duration: duration)
        var failure: (any Error)?
        for result in results {
            switch result {
            case .success(let part): all.add(part)
            case .failure(let error):
                // An unknown outcome matters most.
                let isWorse = error.isOutcomeUnknown && failure?.isOutcomeUnknown != true
                failure = isWorse ? error : failure ?? error
                if let error = error as? GenerationError {
                    all.attempts += error.attempts
                    all.images += error.delivered
                }
            }
        }
        guard let failure else { return all }
        guard var error = failure as? GenerationError else { throw failure }
        error.attempts = all.attempts
        error.message += " (\(all.images.count) images of \(results.count) submissions were delivered)"
        error.delivered = all.images
        throw error
    }
}

extension Generation {
    fileprivate mutating func add(_ part: Generation) {
        id = id ?? part.id
        model = part.model
        images += part.images
        seed = seed ?? part.seed
        if let more = part.cost { cost = (cost ?? 0) + more }
        requestID = requestID ?? part.requestID
        attempts += part.attempts
        polls += part.polls
        isRecovered = isRecovered || part.isRecovered
        missingCount += part.missingCount
    }
}

extension Error {
    fileprivate var isOutcomeUnknown: Bool { (self as? GenerationError)?.isOutcomeUnknown == true }
}
