// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// The largest input that a model was observed to take, after it refused a larger one.
public struct ObservedInputLimits: Sendable, Hashable, Codable {
    /// Bytes of one image.
    public var byteLimit: Int?
    /// Pixels of the longer side.
    public var maximumSide: Int?
    /// Seconds since 1970.
    public var observedAt: Int

    /// Notes an observation.
    public init(byteLimit: Int? = nil, maximumSide: Int? = nil, observedAt: Int) {
        self.byteLimit = byteLimit
        self.maximumSide = maximumSide
        self.observedAt = observedAt
    }

    // The key in files of earlier versions.
    private enum CodingKeys: String, CodingKey {
        case byteLimit, maximumSide
        case observedAt = "learntAt"
    }

    /// Providers raise their limits: after a month the documented one is tried again.
    private static let lifetime = 30 * 86_400

    func isValid(now: Int) -> Bool { now - observedAt < Self.lifetime }

    /// A later observation on top of this one.
    public func merged(with later: ObservedInputLimits) -> ObservedInputLimits {
        ObservedInputLimits(
            byteLimit: later.byteLimit ?? byteLimit, maximumSide: later.maximumSide ?? maximumSide,
            observedAt: later.observedAt)
    }
}

/// A model at its provider.
public struct ModelLocation: Sendable, Hashable {
    /// Scheme, host and port of the provider.
    public var origin: String
    /// The model; `nil` for the provider's default.
    public var model: String?

    /// Names a model.
    public init(origin: String, model: String?) {
        self.origin = origin
        self.model = model
    }
}

/// Keeps the input limits that models were observed to enforce.
public protocol InputLimitStore: Sendable {
    /// The observation for a model; `nil` when there is none.
    func limits(of model: ModelLocation) async throws -> ObservedInputLimits?
    /// Merges an observation into what is known, in one step.
    func record(_ limits: ObservedInputLimits, of model: ModelLocation) async throws
}

/// Observed input limits that end with the process.
public final class InMemoryInputLimits: InputLimitStore {
    private let known = Mutex<[ModelLocation: ObservedInputLimits]>([:])

    /// Starts empty.
    public init() {}

    /// The observation for a model.
    public func limits(of model: ModelLocation) -> ObservedInputLimits? { known.withLock { $0[model] } }

    /// Merges an observation into what is known.
    public func record(_ limits: ObservedInputLimits, of model: ModelLocation) {
        known.withLock { known in known[model] = known[model]?.merged(with: limits) ?? limits }
    }
}

extension InputLimits {
    /// The stricter of these limits and others.
    func narrowed(byteLimit: Int?, maximumSide: Int?) -> InputLimits {
        var limits = self
        if let byteLimit { limits.byteLimit = min(limits.byteLimit, byteLimit) }
        if let side = maximumSide { limits.maximumSide = min(limits.maximumSide ?? side, side) }
        return limits
    }
}
