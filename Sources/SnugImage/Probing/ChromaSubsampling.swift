// SPDX-License-Identifier: Apache-2.0

/// Chroma resolution relative to luma, in the field's J:a:b notation.
public enum ChromaSubsampling: String, Sendable, Hashable, CaseIterable {
    case s444 = "4:4:4", s422 = "4:2:2", s420 = "4:2:0", s440 = "4:4:0", s411 = "4:1:1", s410 = "4:1:0"
    /// Sampling factors that have no name of their own.
    case other
}
