// SPDX-License-Identifier: Apache-2.0
import SnugPipeline
import SnugSystem
import SystemPackage

extension DaemonStatus {
    /// The folders and what keeps all work from beginning as JSON, without figures that change by themselves: it is equal as
    /// long as nothing happened.
    var json: JSONValue {
        ["phase": .text(phase.rawValue), "pause": pause?.json ?? .null, "folders": .array(folders.map(\.json))]
    }
}

extension DaemonStatus.Folder {
    /// The folder as JSON: how it is watched, and what waits in it before it is a job.
    fileprivate var json: JSONValue {
        [
            "name": .text(name), "inbox": .text(inbox.string), "watch_mode": .optional(watchMode),
            "has_events": .flag(hasEvents), "is_present": isPresent.map { .flag($0) } ?? .null,
            "settling": .integer(settlingCount),
            "unsettled": .array(
                unsettled.sorted { $0.key < $1.key }.map { ["name": .text($0.key), "reason": .text($0.value)] }),
        ]
    }
}
