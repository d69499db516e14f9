// SPDX-License-Identifier: Apache-2.0

/// Blocks of an image from which sizes of outputs are predicted: runs of MCUs spread over it, or all of them.
struct BlockSample {
    struct Run {
        var rows: BlockRows
        /// The size of the run in the source: bits where they are known, else MCUs.
        var sourceSize: Double
        /// Where it lies in the source, 0…1.
        var position: Double
    }

    let layout: BlockLayout
    /// In order of position; rows of MCUs from top to bottom when all are there.
    var runs: [Run]
    /// True when the runs are all rows of MCUs.
    let isWhole: Bool
    /// The whole image in the units of ``Run/sourceSize``.
    let sourceSize: Double

    /// The share of the image that each run stands for, in units of its own size.
    var weight: Double {
        let sampled = runs.reduce(0) { $0 + $1.sourceSize }
        return sampled > 0 ? sourceSize / sampled : 1
    }

    var mcuCount: Int { runs.reduce(0) { $0 + $1.rows.capacity } }

    /// One run in so many is enough for a rough prediction.
    var part: Int {
        runs.count >= SamplePlan.leastRuns && mcuCount * layout.blocksInMCU >= SamplePlan.blocks / 4 ? 4 : 1
    }
}

/// How many blocks a sample takes.
enum SamplePlan {
    /// About 3 ms for each prediction; sizes are predicted to about one percent, and control does the rest.
    static let blocks = 24_000
    /// Blocks up to which an image is its own sample, which makes predictions exact.
    static let whole = 32_000
    /// Runs that a sample is made of.
    static let runs = 256
    /// Fewest runs that a part may be taken of.
    static let leastRuns = 32
}
