// SPDX-License-Identifier: Apache-2.0

@testable import SnugPipeline

/// What a tracker sees of one file over time, in seconds, and what has to follow.
struct SettleStory: Sendable {
    var name: String
    var path: String
    var steps: [Step]

    static func version(_ number: Int, inode: UInt64 = 1) -> FileVersion {
        FileVersion(device: 1, inode: inode, byteCount: number, modified: Int64(number), changed: Int64(number))
    }

    /// One step of a story: when, what was seen, and what has to follow.
    enum Step: Sendable {
        case saw(Int, isTouched: Bool, at: Int)
        case looked(Int?, at: Int, SettleTracker.Look)
        case checked(Completeness, at: Int, SettleTracker.Decision)
        case nextLook(Int?)
    }

    static let all = [
        SettleStory(
            name: "a complete file is taken after the settle time, and not before", path: "a.jpg",
            steps: [
                .saw(1, isTouched: true, at: 0), .nextLook(2), .looked(1, at: 1, .wait), .looked(1, at: 2, .check),
                .checked(.complete, at: 2, .take(version(1))),
            ]
        ),
        SettleStory(
            name: "a growing file is not quiet", path: "a.jpg",
            steps: [
                .saw(1, isTouched: true, at: 0), .looked(2, at: 2, .wait), .looked(3, at: 4, .wait), .nextLook(6),
                .looked(3, at: 6, .check), .checked(.complete, at: 6, .take(version(3))),
            ]
        ),
        SettleStory(
            name: "an event makes a file unquiet that looks as before", path: "a.jpg",
            steps: [
                .saw(1, isTouched: true, at: 0), .saw(1, isTouched: true, at: 1), .looked(1, at: 2, .wait),
                .nextLook(3),
                .looked(1, at: 3, .check),
            ]
        ),
        SettleStory(
            name: "a scan that shows nothing new does not", path: "a.jpg",
            steps: [.saw(1, isTouched: false, at: 0), .saw(1, isTouched: false, at: 1), .looked(1, at: 2, .check)]
        ),
        SettleStory(
            name: "a truncated file starts over", path: "a.jpg",
            steps: [.saw(9, isTouched: true, at: 0), .looked(0, at: 2, .wait), .looked(0, at: 3, .wait), .nextLook(4)]
        ),
        SettleStory(
            name: "a file that vanishes is forgotten", path: "a.jpg",
            steps: [.saw(1, isTouched: true, at: 0), .looked(nil, at: 2, .gone), .nextLook(nil)]
        ),
        SettleStory(
            name: "an incomplete file is looked at less and less often, and given up after its patience", path: "a.jpg",
            steps: [
                .saw(1, isTouched: true, at: 0), .checked(.incomplete("is cut"), at: 2, .wait), .nextLook(4),
                .checked(.incomplete("is cut"), at: 4, .wait), .nextLook(8),
                .checked(.incomplete("is cut"), at: 8, .wait), .nextLook(16),
                .checked(.incomplete("is cut"), at: 3000, .wait), .nextLook(3016),
                .checked(.incomplete("is cut"), at: 3599, .wait), .nextLook(3600),
                .checked(.incomplete("is cut"), at: 3600, .giveUp(version(1), "is cut")),
            ]
        ),
        SettleStory(
            name: "patience counts from the last change: a slow copy is never given up", path: "a.jpg",
            steps: [
                .saw(1, isTouched: true, at: 0), .checked(.incomplete("is cut"), at: 3599, .wait),
                .looked(2, at: 3600, .wait), .checked(.incomplete("is cut"), at: 7199, .wait),
                .checked(.incomplete("is cut"), at: 7200, .giveUp(version(2), "is cut")),
            ]
        ),
        SettleStory(
            name: "a longer file under the name of an incomplete one is a new beginning", path: "a.jpg",
            steps: [
                .saw(1, isTouched: true, at: 0), .checked(.incomplete("is cut"), at: 100, .wait), .nextLook(102),
                .saw(5, isTouched: true, at: 101), .nextLook(103), .looked(5, at: 103, .check),
                .checked(.complete, at: 103, .take(version(5))),
            ]
        ),
        SettleStory(
            name: "content that proves nothing needs a longer quiet", path: "a.tif",
            steps: [
                .saw(1, isTouched: true, at: 0), .checked(.unproven("is a TIFF"), at: 2, .wait), .nextLook(10),
                .checked(.unproven("is a TIFF"), at: 10, .take(version(1))),
            ]
        ),
        SettleStory(
            name: "an unfinished name delays a complete file", path: "a.jpg.part",
            steps: [
                .saw(1, isTouched: true, at: 0), .checked(.complete, at: 2, .wait), .nextLook(60),
                .checked(.complete, at: 60, .take(version(1))),
            ]
        ),
        SettleStory(
            name: "an unfinished name keeps an incomplete file from being given up", path: "a.jpg.part",
            steps: [.saw(1, isTouched: true, at: 0), .checked(.incomplete("is cut"), at: 99_999, .wait)]
        ),
        SettleStory(
            name: "a file that is open for writing has to wait", path: "a.jpg",
            steps: [
                .saw(1, isTouched: true, at: 0), .checked(.suspicious("is open"), at: 2, .wait), .nextLook(60),
                .checked(.complete, at: 3, .take(version(1))),
            ]
        ),
        SettleStory(
            name: "an unreadable file is never given up", path: "a.jpg",
            steps: [
                .saw(1, isTouched: true, at: 0), .checked(.unreadable("no permission"), at: 9_999, .wait),
                .checked(.unreadable("no permission"), at: 99_999, .wait),
            ]
        ),
        SettleStory(
            name: "a clock that jumps back stands still", path: "a.jpg",
            steps: [
                .saw(1, isTouched: true, at: 100), .looked(1, at: 3, .wait), .nextLook(102),
                .looked(1, at: 102, .check),
            ]
        ),
        SettleStory(
            name: "after a clock that jumps ahead a file is looked at before it is taken", path: "a.jpg",
            steps: [.saw(1, isTouched: true, at: 0), .looked(2, at: 100_000, .wait), .nextLook(100_002)]
        ),
    ]
}
