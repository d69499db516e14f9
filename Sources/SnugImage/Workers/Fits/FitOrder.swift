// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// The work that a process of its own does on a file, as it is sent there.
struct FitOrder: Codable, Hashable, Sendable {
    /// The kinds of work.
    enum Task: String, Codable, Sendable {
        case fit
        case alphaRange
    }

    var task = Task.fit
    var limits: Limits
    var policy: FitPolicy
    /// The limit on memory of the whole parent: the ways to work are chosen by it, and have to be the parent's.
    var memory: Int

    init(task: Task = .fit, limits: Limits = Limits(), policy: FitPolicy = FitPolicy(), memory: Int) {
        self.task = task
        self.limits = limits
        self.policy = policy
        self.memory = memory
    }

    /// `nil` for bytes that are no order.
    init?(_ bytes: [UInt8]) {
        guard let order = try? JSONDecoder().decode(FitOrder.self, from: Data(bytes)) else { return nil }
        self = order
    }

    /// - Throws: `invalid_argument` for numbers that are none.
    func bytes() throws(ImageError) -> [UInt8] {
        do { return [UInt8](try JSONEncoder().encode(self)) } catch {
            throw ImageError(.invalidArgument, "the limits or the policy hold a number that is none (\(error))")
        }
    }
}
