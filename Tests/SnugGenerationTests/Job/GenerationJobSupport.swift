// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SystemPackage
import Testing

@testable import SnugGeneration

extension GenerationJob.Transition {
    var saved: [GenerationRecord] {
        effects.compactMap { if case .save(let record) = $0 { record } else { nil } }
    }
    var waits: [Duration] {
        effects.compactMap { if case .sleep(let wait) = $0 { wait } else { nil } }
    }
    var changes: [SubmissionMachine.Change] {
        effects.compactMap { if case .change(let change) = $0 { change } else { nil } }
    }
}

extension GenerationJob.Action {
    var search: GenerationJob.Search? { if case .search(let search) = self { search } else { nil } }
    var polling: GenerationJob.Polling? { if case .poll(let polling) = self { polling } else { nil } }
    var delivery: GenerationJob.Delivery? {
        if case .fetch(_, _, let delivery) = self { delivery } else { nil }
    }

    var name: String {
        switch self {
        case .prepare: "prepare"
        case .send: "send"
        case .claim(let id, _): "claim \(id)"
        case .payForRetry: "payForRetry"
        case .listModels: "listModels"
        case .search: "search"
        case .readBalance: "readBalance"
        case .poll: "poll"
        case .keep: "keep"
        case .recordResult: "recordResult"
        case .fetch(_, let place, _): "fetch \(place.name)"
        case .rescue: "rescue"
        case .finish: "finish"
        case .fail(let error): "fail \(error.code)"
        }
    }
}
