[ fromScope ]
