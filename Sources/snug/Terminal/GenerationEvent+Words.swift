// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugHTTP
import SnugImage
import SnugPipeline
import SnugSystem

extension GenerationEvent {
    /// The phase after this event, for the progress line; `nil` when it does not change.
    var phase: String? {
        switch self {
        case .fitted: "fitting images"
        case .hosted: "uploading images to the host"
        case .throttled(let wait, let window): "waiting for the limit (\(Self.window(window))), \(wait.words)"
        case .submitting(_, let attempt): attempt > 1 ? "submitting, attempt \(attempt)" : "submitting"
        case .waiting(let wait, let reason): "waiting \(wait.words) after \(reason)"
        case .refitting(let limit): "fitting images to \(ByteCount(limit))"
        case .fallingBack(_, let model): "asking \(PrintableName.escaped(model))"
        case .refreshedToken: nil
        case .reconciling: "looking for the lost job"
        case .accepted, .polled: "polling"
        case .partialImage(let index, _): "submitting, unfinished image \(index + 1)"
        case .downloading(let received, let total?) where total > 0: "downloading \(min(100, received * 100 / total))%"
        case .downloading(let received, _): "downloading \(ByteCount(received))"
        case .attempt, .delivered, .failed: nil
        }
    }

    /// True for events that are reported without a progress line.
    var isNotable: Bool {
        switch self {
        case .throttled(let wait, _), .waiting(let wait, _): wait >= .seconds(2)
        case .refitting, .fallingBack, .reconciling: true
        default: false
        }
    }

    /// The event in full.
    var sentence: String {
        switch self {
        case .fitted(let name, let count): "fitted \(PrintableName.escaped(name)): \(ByteCount(count))"
        case .hosted(let name): "hosted \(PrintableName.escaped(name))"
        case .throttled(let wait, let window): "waits \(wait.words) for the limit (\(Self.window(window)))"
        case .submitting(let model, let attempt):
            "submits, attempt \(attempt)" + (model.map { ", model \(PrintableName.escaped($0))" } ?? "")
        case .attempt(let attempt): attempt.sentence
        case .waiting(let wait, let reason): "waits \(wait.words) after \(reason)"
        case .refitting(let limit): "fits images to \(ByteCount(limit))"
        case .fallingBack(let old, let new):
            "asks \(PrintableName.escaped(new)) instead of \(PrintableName.escaped(old ?? "the default model"))"
        case .refreshedToken: "has a new access token"
        case .reconciling: "looks for the job whose response was lost"
        case .accepted(let id): "job \(PrintableName.escaped(id)) is accepted"
        case .polled(let count): "polled, \(count)"
        case .partialImage(let index, _): "unfinished image \(index + 1)"
        case .downloading(let received, let total):
            "downloads \(ByteCount(received))" + (total.map { " of \(ByteCount($0))" } ?? "")
        case .delivered(let path): "delivered \(PrintableName.of(WorkingFolder.shown(path)))"
        case .failed(let code): "failed: \(code)"
        }
    }

    private static func window(_ name: String) -> String { PrintableName.escaped(name) }
}

extension Attempt {
    fileprivate var sentence: String {
        var text = "attempt \(number): "
        text += status.map(String.init) ?? "no response"
        if let failure { text += " (\(failure))" }
        text += " after \(duration.words), \(ByteCount(bytesSent)) sent, \(ByteCount(bytesReceived)) received"
        if let requestID { text += ", request \(PrintableName.escaped(requestID))" }
        return text
    }
}

extension Duration {
    /// For a person: `<0.1 s`, `0.4 s`, `12 s`, `3 min 20 s`.
    var words: String {
        let seconds = inSeconds
        guard seconds >= 0.1 else { return "<0.1 s" }
        guard seconds >= 10 else { return "\(FitRecord.short(seconds)) s" }
        let whole = Int(min(seconds.rounded(), 1e9))
        guard whole >= 100 else { return "\(whole) s" }
        return whole % 60 == 0 ? "\(whole / 60) min" : "\(whole / 60) min \(whole % 60) s"
    }
}
