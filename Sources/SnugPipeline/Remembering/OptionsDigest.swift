// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SnugImage
import SnugSystem

/// A digest of everything that decides how an output is made.
///
/// Of the values as they are stored, so that a field that is added counts at once, and one that is not set changes nothing.
enum OptionsDigest {
    /// ``naming(_:)``, and a digest of limits and choices.
    static func digest(_ request: FitRequest) -> String {
        naming(request) + hash(Array(canonical(request.limits, request.policy).utf8))
    }

    /// A digest of the way in which outputs are named, with which every digest of options begins.
    static func naming(_ request: FitRequest) -> String {
        request.nameTemplate.map { "\(hash($0.base).prefix(8))-" } ?? "-"
    }

    /// Limits and choices as text, the same in every process.
    static func canonical(_ limits: Limits, _ policy: FitPolicy) -> String {
        // The order of a set is another in each process.
        let formats = limits.formats.map(\.rawValue).sorted().joined(separator: ",")
        var limits = limits
        limits.formats = []
        return [formats, text(limits), text(policy)].joined(separator: "\n")
    }

    private static func text(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        do { return String(decoding: try encoder.encode(value), as: UTF8.self) } catch {
            // Nothing that limits and choices are made of has no form in JSON; without one, no two runs are the same.
            return "\(value)"
        }
    }

    private static func hash(_ bytes: [UInt8]) -> String { MessageDigest.sha256(bytes).prefix(16).hexadecimal }
}
