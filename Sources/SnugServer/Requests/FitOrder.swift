// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem

/// The fit that a request asks for.
struct FitOrder: Sendable {
    var limits = Limits()
    var policy = FitPolicy()
    /// The name of the profile.
    var target: String?
    /// The lower bound of `crop` and `pad`: both are about `size`.
    var crops = false
    var pads = false
    var minimumSaving: Double?
    /// The limits of the target; without one, of anybody who takes the format that is asked for.
    var acceptedLimits: Limits { target == nil ? limits.accepting(policy.format) : limits }

    /// Reads the parameters of a request.
    /// - Parameter folder: The limits and the policy that hold where the parameters set no others.
    /// - Throws: `unknown_parameter` with the nearest name, `invalid_parameter`.
    init(_ fields: [(name: String, value: String)], over folder: WatchFolder? = nil) throws(ServiceError) {
        if let folder {
            (limits, policy) = (folder.limits, folder.policy)
            if let filling = policy.frame?.filling { (crops, pads) = (filling == .crop, filling == .pad) }
        }
        var values: [String: String] = [:]
        for (name, value) in fields {
            guard FitParameter.names.contains(name) else { throw .unknownParameter(name, among: FitParameter.names) }
            guard values.updateValue(value, forKey: name) == nil else { throw .repeatedParameter(name) }
        }
        // In the order of the table, because a profile's limits come before those that override them.
        for parameter in FitParameter.all {
            guard let value = values[parameter.name] else { continue }
            do throws(ParameterFault) {
                try parameter.apply(&self, value)
            } catch {
                throw .invalidParameter(parameter.name, error.message)
            }
        }
        try check()
    }

    private mutating func check() throws(ServiceError) {
        if var frame = policy.frame {
            guard crops != pads else { throw .invalidParameter("size", "needs 'crop' or 'pad', one of them") }
            frame.filling = crops ? .crop : .pad
            policy.frame = frame
            guard policy.metadata == .strip else {
                throw .invalidParameter("size", "makes a new image, which keeps no metadata; leave out 'metadata'")
            }
            guard !policy.isLossless else {
                throw .invalidParameter("size", "changes pixels, and 'lossless' must not; leave out one of them")
            }
        } else if crops || pads {
            throw .invalidParameter(crops ? "crop" : "pad", "is about 'size'; give that too")
        }
        if let minimumSaving {
            guard policy.isLossless else {
                throw .invalidParameter("min-saving", "is about 'lossless'; give that too")
            }
            policy.minimumSaving = minimumSaving
        }
        let most = min(limits.fileByteLimit, Limits.largestMinimum)
        if let minimum = limits.minimumBytes, minimum > most {
            throw .invalidParameter("min-bytes", "\(minimum) is above the limit of \(most) bytes")
        }
    }
}

/// A value that a parameter does not take.
struct ParameterFault: Error, Sendable {
    /// The problem, then the remedy.
    var message: String

    init(_ message: String) { self.message = message }
}
