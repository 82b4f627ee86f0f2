-- What a user may in one project, instead of the role on the platform. A grant may be given before its user came for the first time.
CREATE TABLE grants (
  user_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('none', 'viewer', 'operator', 'admin')),
  granted_by TEXT NOT NULL,
  granted_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, project_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_of_project ON grants (project_id, user_id);
CREATE INDEX users_by_role ON users (role);

-- Which projects things belong to that have no project of their own: sets of examples may belong to several, a program belongs to one.
CREATE TABLE example_projects (
  digest TEXT NOT NULL,
  project_id TEXT NOT NULL,
  sent_by TEXT NOT NULL,
  sent_at INTEGER NOT NULL,
  PRIMARY KEY (digest, project_id, sent_by)
) STRICT, WITHOUT ROWID;
CREATE TABLE program_projects (
  name TEXT NOT NULL PRIMARY KEY,
  project_id TEXT NOT NULL,
  claimed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX program_projects_by_project ON program_projects (project_id, name);
CREATE INDEX example_projects_by_project ON example_projects (project_id);
