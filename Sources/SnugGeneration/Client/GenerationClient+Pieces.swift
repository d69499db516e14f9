// SPDX-License-Identifier: Apache-2.0

/// Work that takes several submissions.
extension GenerationClient {
    /// One of the submissions, with the number of its first image.
    struct Piece {
        var request: GenerationRequest
        var name: String?
        var firstNumber: Int
    }

    /// One request for each submission that it takes. A seed counts up: with the same one every piece would be the same.
    func split(_ request: GenerationRequest, name: String?) -> [Piece] {
        let most = max(1, context.traits.maximumCount)
        return stride(from: 0, to: request.count, by: most).map { start in
            var piece = request
            piece.count = min(most, request.count - start)
            piece.seed = request.seed.map { $0 &+ start / most }
            return Piece(request: piece, name: name.map { "\($0)#\(start / most + 1)" }, firstNumber: start + 1)
        }
    }

    /// The names of the records that work under a name has: one for each submission that it takes.
    public func names(of request: GenerationRequest, under name: String) -> [String] {
        let pieces = split(request, name: name)
        return pieces.count > 1 ? pieces.compactMap(\.name) : [name]
    }

    func several(
        _ pieces: [Piece], _ destination: ImageDestination, _ deadline: ContinuousClock.Instant?,
        _ onEvent: @escaping @Sendable (GenerationEvent) -> Void
    ) async throws -> Generation {
        let begin = ContinuousClock.now
        @Sendable func result(of piece: Piece) async -> Result<Generation, any Error> {
            do {
                return .success(
                    try await one(
                        piece.request, destination, piece.firstNumber, piece.name, piece.name != nil, deadline, onEvent)
                )
            } catch {
                return .failure(error)
            }
        }
        var results: [Int: Result<Generation, any Error>] = [:]
        // In a listing they look the same: what was lost has to be found before there are more of them.
        for index in try await lost(pieces) { results[index] = await result(of: pieces[index]) }
        let rest = pieces.indices.filter { results[$0] == nil }
        await withTaskGroup(of: (Int, Result<Generation, any Error>).self) { group in
            for (started, index) in rest.enumerated() {
                // What is the limiter's to say beyond that.
                if started >= 4, let (done, result) = await group.next() { results[done] = result }
                let piece = pieces[index]
                group.addTask { (index, await result(of: piece)) }
            }
            for await (done, result) in group { results[done] = result }
        }
        let sorted = results.sorted { $0.key < $1.key }.map(\.value)
        return try Self.joined(sorted, duration: ContinuousClock.now - begin)
    }

    /// Which of them an earlier process had sent without hearing of them, the oldest first.
    private func lost(_ pieces: [Piece]) async throws -> [Int] {
        var found: [(index: Int, since: Int)] = []
        for (index, piece) in pieces.enumerated() {
            guard let name = piece.name, let record = try await context.journal.record(name), record.state == .sending
            else { continue }
            found.append((index, record.submittedAt ?? 0))
        }
        return found.sorted { ($0.since, $0.index) < ($1.since, $1.index) }.map(\.index)
    }

    private static func joined(_ results: [Result<Generation, any Error>], duration: Duration) throws -> Generation {
        var all = Generation(duration: duration)
        var failure: (any Error)?
        for result in results {
            switch result {
            case .success(let piece):
                all.id = all.id ?? piece.id
                all.model = piece.model
                all.images += piece.images
                all.seed = all.seed ?? piece.seed
                if let cost = piece.cost { all.cost = (all.cost ?? 0) + cost }
                all.requestID = all.requestID ?? piece.requestID
                all.attempts += piece.attempts
                all.polls += piece.polls
                all.isRecovered = all.isRecovered || piece.isRecovered
            case .failure(let error):
                // What may have been paid for is what matters most.
                let isWorse =
                    (error as? GenerationError)?.isOutcomeUnknown == true
                    && (failure as? GenerationError)?.isOutcomeUnknown != true
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
        error.message += " (\(all.images.count) images of \(results.count) submissions are there)"
        error.delivered = all.images
        throw error
    }
}
