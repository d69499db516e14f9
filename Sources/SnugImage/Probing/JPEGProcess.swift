// SPDX-License-Identifier: Apache-2.0

/// The coding process named by a JPEG frame header (ITU-T T.81 table B.1).
public enum JPEGProcess: String, Sendable, Hashable, CaseIterable {
    case baseline
    case extended
    case progressive
    case lossless
    case hierarchical
    case arithmeticSequential = "arithmetic"
    case arithmeticProgressive = "arithmetic_progressive"

    /// True when scans refine the whole image, so that all coefficients must be held.
    public var isProgressive: Bool { self == .progressive || self == .arithmeticProgressive }

    /// The process in words.
    var words: String { self == .arithmeticSequential || self == .arithmeticProgressive ? "arithmetic" : rawValue }
}

extension ImageHeader {
    /// True for a JPEG that readers of baseline files do not know.
    var needsBaseline: Bool {
        guard format == .jpeg, let jpegProcess else { return false }
        return jpegProcess.isProgressive || jpegProcess == .arithmeticSequential
    }
}
