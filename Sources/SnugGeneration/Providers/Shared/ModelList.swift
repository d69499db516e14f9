// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem

extension CommonDialect {
    /// The models in a response: a list, bare or under one of the names that are in use.
    func modelList(_ response: ProviderResponse) throws(GenerationError) -> [JSONValue] {
        let json = try json(response)
        guard case .array(let models) = json["items"] ?? json["data"] ?? json["models"] ?? json else {
            throw GenerationError(ResponseClassification.badResponse(response, "no list of models"), now: wallClock())
        }
        return models
    }
}
