// SPDX-License-Identifier: Apache-2.0

/// The part of named work that is not done yet.
public struct RemainingWork: Sendable, Hashable {
    /// Submissions that are to be made, and paid for.
    public var submissions = 0
    /// The images that they are to bring.
    public var images = 0
    /// Submissions under way: running the work resumes them.
    public var resumed = 0
    /// The ids of held submissions, which wait for a person's decision.
    public var held: [String] = []

    /// True when all images are there.
    public var isDone: Bool { submissions == 0 && resumed == 0 && held.isEmpty }
}

extension GenerationClient {
    /// True for work that was kept and is done, as long as all of its images are there.
    /// - Throws: `journal_failed`.
    public func isDone(_ request: GenerationRequest, name: String) async throws -> Bool {
        try await remaining(of: request, name: name).isDone
    }

    /// The part of named work that running it would do, by the journal alone.
    /// - Parameters:
    ///   - request: The work.
    ///   - name: Its name.
    ///   - makesAgain: Delivered images do not count.
    /// - Throws: `journal_failed`.
    public func remaining(
        of request: GenerationRequest, name: String, makesAgain: Bool = false
    ) async throws -> RemainingWork {
        let parts = split(request, name: name)
        var remaining = RemainingWork()
        for part in parts.count > 1 ? parts : [SubRequest(request: request, name: name)] {
            let found = try await context.journal.record(part.name ?? name)
            let record = found.flatMap { isOurs($0) && $0.request == part.request ? $0 : nil }
            var present: [Generation.Image] = []
            switch record?.state {
            case .held where record?.resultURLs.isEmpty == true:
                remaining.held.append(part.name ?? name)
                continue
            case .sending, .accepted, .completed, .held:
                remaining.resumed += 1
                continue
            case .delivered where !makesAgain: present = record?.images ?? []
            case .preparing: present = record?.earlierImages ?? []
            case .delivered, nil: break
            }
            let count = try await context.downloader.present(present).count
            guard count < part.request.count else { continue }
            remaining.submissions += 1
            remaining.images += part.request.count - count
        }
        return remaining
    }
}
