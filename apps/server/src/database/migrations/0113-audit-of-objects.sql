-- What is about one object, whatever its kind, and what says that it was made: the answer to the request that made a run or an execution names it.
CREATE INDEX audit_of_object ON audit (object_id, seq);
CREATE INDEX audit_of_made ON audit (coalesce(json_extract(after, '$.said.run_id'), json_extract(after, '$.said.execution_id')), seq) WHERE kind = 'outcome';
